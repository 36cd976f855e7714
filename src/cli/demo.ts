import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readObservations, type FileObservation } from '../adapters/files/observations.js'
import { parseTimestamp } from '../core/timestamp.js'
import type { Broker, OutboundRecord } from '../ports/broker.js'
import type { Logger } from '../telemetry/logger.js'

/** Share of each file that is history when the demonstration starts; the rest comes a time stamp a second. */
const HISTORY = 0.8
/** Small enough for one batch of Kafka's: more would take a transaction, whose marker would count as a record here. */
const CHUNK = 1000
const LIVE_MS = 1000
/** Number of the record's row in its file, from 0. */
const ROW_HEADER = 'tidecast-demo-row'

/**
 * Feeds the bundled data into the topics of the same names. Each record carries its row's number, so a restart goes on
 * where the feed stopped, whatever stopped it and whatever else was sent to the topic.
 */
export class DemoFeed {
  private readonly topics: { name: string; rows: readonly Row[]; sent: number }[] = []
  private timer: NodeJS.Timeout | undefined
  private feeding: Promise<void> = Promise.resolve()

  constructor(
    private readonly broker: Broker,
    private readonly logger: Logger,
  ) {}

  /** Appends what is missing of each topic's history, at full speed. */
  async feedHistory(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const path = fileURLToPath(new URL(`../../../demo/${name}.csv.gz`, import.meta.url))
      if (!existsSync(path)) continue
      const rows: Row[] = []
      for await (const chunk of readObservations(path)) for (const row of chunk) rows.push(toRow(row))
      await this.broker.ensureTopics([{ name, partitions: 1 }])
      const topic = { name, rows, sent: await this.fedRows(name) }
      this.topics.push(topic)
      const cut = rows[Math.floor(rows.length * HISTORY)]?.ts ?? Infinity
      const history = rows.findIndex((row) => row.ts >= cut)
      if (topic.sent < history)
        this.logger.info({ topic: name, records: history - topic.sent }, 'feeding the history')
      while (topic.sent < history) await this.send(topic, Math.min(history, topic.sent + CHUNK))
    }
  }

  /** One time stamp a second and topic, all its series, to the end of the files. */
  startLive(): void {
    for (const { name, rows, sent } of this.topics) {
      const left = new Set(rows.slice(sent).map((row) => row.ts)).size
      if (left > 0) this.logger.info({ topic: name, timestamps: left }, 'feeding one time stamp a second')
      else this.logger.info({ topic: name }, 'the demonstration data of this topic have all been fed')
    }
    this.timer = setInterval(() => {
      this.feeding = this.feeding.then(() => this.step())
    }, LIVE_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.timer)
    await this.feeding
  }

  private async step(): Promise<void> {
    for (const topic of this.topics) {
      const ts = topic.rows[topic.sent]?.ts
      if (ts === undefined) continue
      let end = topic.sent
      while (topic.rows[end]?.ts === ts) end++
      try {
        await this.send(topic, end)
      } catch (error) {
        this.logger.warn(
          { topic: topic.name, err: error },
          'the demonstration feed could not append; it tries again',
        )
        return
      }
      if (end === topic.rows.length) {
        this.logger.info(
          { topic: topic.name },
          'the demonstration data have all been fed; the daemon goes on serving',
        )
      }
    }
  }

  /** Rows of its file that a topic holds: one more than the last row number in it. */
  private async fedRows(topic: string): Promise<number> {
    let fed = 0
    for await (const records of this.broker.read(topic, 0, {})) {
      for (const { headers } of records) {
        const row = headers?.[ROW_HEADER]
        if (row !== undefined) fed = Math.max(fed, Number(Buffer.from(row).toString()) + 1)
      }
    }
    return fed
  }

  private async send(
    topic: { name: string; rows: readonly Row[]; sent: number },
    end: number,
  ): Promise<void> {
    const { name, rows, sent } = topic
    await this.broker.append(rows.slice(sent, end).map((row, i) => toRecord(name, row, sent + i)))
    topic.sent = end
  }
}

interface Row {
  readonly ts: number
  readonly key: string
  readonly json: string
}

function toRow(row: FileObservation): Row {
  const ts = typeof row.ts === 'number' ? row.ts : parseTimestamp(row.ts)
  return { ts, key: row.series, json: JSON.stringify({ ts: row.ts, value: row.value }) }
}

function toRecord(topic: string, row: Row, number: number): OutboundRecord {
  const headers = { [ROW_HEADER]: Buffer.from(String(number)) }
  return { topic, partition: 0, key: Buffer.from(row.key), value: Buffer.from(row.json), headers }
}
