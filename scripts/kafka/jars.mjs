import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '../setup/paths.mjs'
import { run, which } from '../setup/run.mjs'

export const kafkaVersion = '4.1.2'

const project = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tidecast</groupId>
  <artifactId>kafka-broker</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>${kafkaVersion}</version>
    </dependency>
  </dependencies>
</project>
`

function folder() {
  return join(cacheFolder(process.env), `kafka-${kafkaVersion}`)
}

/** What a Kafka broker lacks to run here, in words; null when nothing does. */
export function missingForKafka() {
  if (which('java') === null) return 'java (version 17 or later) on PATH'
  if (!existsSync(folder()) && which('mvn') === null) return 'mvn (Maven) on PATH, to get Kafka once'
  return null
}

/** Folder of the broker's jars, kept in the per-user cache; got through Maven when they are not there. */
export async function kafkaJars() {
  const missing = missingForKafka()
  if (missing !== null) throw new Error(`Kafka needs ${missing}`)
  const jars = folder()
  if (existsSync(jars)) return jars
  await mkdir(cacheFolder(process.env), { recursive: true })
  // Filled beside its place and moved there: an interrupted download leaves no half-filled folder behind.
  const work = await mkdtemp(`${jars}-`)
  try {
    await writeFile(join(work, 'pom.xml'), project)
    const outcome = await run(
      'mvn',
      ['-q', '-B', 'dependency:copy-dependencies', '-DincludeScope=runtime', '-DoutputDirectory=jars'],
      { cwd: work, timeoutMs: 5 * 60_000 },
    )
    if (!outcome.ok) throw new Error(`Kafka could not be got: ${outcome.reason}`)
    if ((await readdir(join(work, 'jars'))).length === 0) throw new Error('Maven copied no jars of Kafka')
    // Another process may have been faster; its folder is as good.
    await rename(join(work, 'jars'), jars).catch((error) => {
      if (!existsSync(jars)) throw error
    })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return jars
}
