import { parseArgs } from 'node:util'
import { startKafka } from './kafka/server.mjs'

const help = `Usage: node scripts/kafka.mjs [options]

Runs a real Apache Kafka on loopback, one node, until Ctrl-C. Needs Java 17 and, the first time, Maven.

  --port <port>  default 9092
  --dir <path>   keep the data here; without, they are removed at the end
  --help
`

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '9092' },
    dir: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(help)
else {
  try {
    const kafka = await startKafka({
      port: Number(values.port),
      ...(values.dir === undefined ? {} : { dir: values.dir }),
    })
    process.stderr.write(`Kafka answers on ${kafka.brokers}; Ctrl-C ends it\n`)
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void kafka.stop())
    await kafka.ended
  } catch (error) {
    process.stderr.write(`kafka: ${error.message}\n`)
    process.exitCode = 1
  }
}
