import { setTimeout as pause } from 'node:timers/promises'
import { Kafka, logLevel } from '../../src/adapters/kafka/kafkajs.js'

export interface WitnessedRecord {
  readonly key: string
  readonly value: string
}

/**
 * What a consumer that is none of ours sees of a topic, read_committed, in the order of each partition: kafkajs's own
 * consumer decides by itself what is committed. A transaction that Kafka is just completing is waited for.
 */
export async function witness(brokers: string, topic: string): Promise<WitnessedRecord[]> {
  const client = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })
  const admin = client.admin()
  await admin.connect()
  const open = new Set(
    (await admin.fetchTopicOffsets(topic))
      .filter(({ low, high }) => Number(high) > Number(low))
      .map(({ partition }) => partition),
  )
  const groupId = `witness-${topic}`
  const consumer = client.consumer({ groupId, maxWaitTimeInMs: 100 })
  const records: WitnessedRecord[] = []
  const next = new Map<number, number>()
  try {
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      if (open.size === 0) resolve()
      // Told also of batches that held only markers, which are never handed over.
      consumer.on('consumer.end_batch_process', ({ payload }) => {
        const { partition, lastOffset, highWatermark } = payload
        if (Number(lastOffset) + 1 >= Number(highWatermark)) open.delete(partition)
        if (open.size === 0) resolve()
      })
      consumer
        .run({
          eachBatch: async ({ batch: { partition, messages } }) => {
            for (const { offset, key, value } of messages) {
              // After a failure to commit, kafkajs reads again what it has handed over.
              if (Number(offset) < (next.get(partition) ?? 0)) continue
              next.set(partition, Number(offset) + 1)
              records.push({ key: key?.toString() ?? '', value: value?.toString() ?? '' })
            }
          },
        })
        .catch(reject)
    })
  } finally {
    await consumer.disconnect()
    await admin.deleteGroups([groupId])
    await admin.disconnect()
  }
  return records
}

/** Resolves when no broker knows the topic any more. */
export async function deleteTopic(brokers: string, topic: string): Promise<void> {
  const admin = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    await admin.deleteTopics({ topics: [topic] })
    while ((await admin.listTopics()).includes(topic)) await pause(50)
  } finally {
    await admin.disconnect()
  }
}

export async function addPartitions(brokers: string, topic: string, count: number): Promise<void> {
  const admin = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    await admin.createPartitions({ topicPartitions: [{ topic, count }] })
  } finally {
    await admin.disconnect()
  }
}

type Client = ReturnType<InstanceType<typeof Kafka>['admin']>

/** kafkajs takes a broker for failed that has not heard of a new topic yet: here it is asked again. */
export async function createTopic(
  admin: Client,
  topic: NonNullable<Parameters<Client['createTopics']>[0]['topics'][number]>,
): Promise<void> {
  await admin.createTopics({ topics: [topic], waitForLeaders: false })
  const led = async (): Promise<boolean> => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic.topic] })
    return topics[0]?.partitions.every(({ leader }) => leader >= 0) ?? false
  }
  while (!(await led().catch(() => false))) await pause(50)
}
