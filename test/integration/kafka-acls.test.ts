import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  logLevel,
  ResourcePatternTypes,
} from '../../src/adapters/kafka/kafkajs.js'
import type { Admin } from 'kafkajs'
import type { KafkaBroker } from '../../src/adapters/kafka/kafka-broker.js'
import { CovariateTopic } from '../../src/pipeline/covariate-topic.js'
import type { PartitionLease } from '../../src/ports/broker.js'
import { bytes, record, row, values } from '../contract/broker-helpers.js'
import { addPartitions } from '../support/kafka-witness.js'
import { connectionTo, connectKafka, startKafka, withoutKafka, type RealKafka } from '../support/kafka.js'
import { pipelineConfig } from '../support/pipeline-config.js'

/** What docs/kafka.md lists for a pipeline with these names and fixed partitions, one operation each. */
function accessOf(id: string) {
  const group = `group-${id}`
  const list: [keyof typeof AclResourceTypes, string, (keyof typeof AclOperationTypes)[]][] = [
    ['TRANSACTIONAL_ID', 'tidecast-', ['WRITE']],
    ['TOPIC', `in-${id}`, ['CREATE', 'READ', 'WRITE']],
    ['TOPIC', `out-${id}`, ['CREATE', 'READ', 'WRITE']],
    ['TOPIC', `${group}.states`, ['CREATE', 'READ', 'WRITE']],
    ['TOPIC', `models-${id}`, ['CREATE', 'READ', 'WRITE']],
    ['GROUP', group, ['READ']],
  ]
  return list.flatMap(([type, name, operations]) =>
    operations.map((operation) => ({ type, name, operation })),
  )
}

describe('a Kafka that allows only what ACLs allow', { skip: withoutKafka }, () => {
  let kafka: RealKafka
  let admin: Admin
  before(async () => {
    kafka = await startKafka({ secure: true, acls: true })
    admin = new Kafka({ brokers: [kafka.brokers], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
  })
  after(async () => {
    await admin.disconnect()
    await kafka.stop()
  })

  const aclOf = ({ type, name, operation }: ReturnType<typeof accessOf>[number]) => ({
    resourceType: AclResourceTypes[type],
    resourceName: name,
    resourcePatternType:
      type === 'TRANSACTIONAL_ID' ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
    principal: `User:${kafka.secure!.users['scram-sha-256']}`,
    host: '*',
    operation: AclOperationTypes[operation],
    permissionType: AclPermissionTypes.ALLOW,
  })

  function connectAs(id: string): ReturnType<typeof connectKafka> {
    const { sasl, ca, password, users } = kafka.secure!
    const login = { mechanism: 'scram-sha-256', username: users['scram-sha-256'], password } as const
    const connection = connectionTo(sasl, { tls: { ca }, sasl: login })
    return connectKafka(sasl, { connection, modelsTopic: `models-${id}` })
  }

  /** Everything a pipeline does; resolves when it has, rejects with the first refusal. */
  async function work(id: string): Promise<void> {
    const { broker, end } = await connectAs(id)
    try {
      await broker.ensureTopics([`in-${id}`, `out-${id}`].map((name) => ({ name, partitions: 1 })))
      await broker.append([record(`in-${id}`, 'a')])
      await broker.models.setChampion('p', null)
      const lease = await leaseOf(broker, id)
      const batch = await lease.next(1)
      const snapshot = { meta: bytes('m'), rows: [row('s', 0, 'state')] }
      await batch.settle({ outputs: [record(`out-${id}`, '1')], snapshot })
      assert.deepEqual(await values(broker, `out-${id}`), ['1'])
    } finally {
      await end()
    }
    // What is there is checked by whoever comes next.
    const next = await connectAs(id)
    await leaseOf(next.broker, id).finally(next.end)
  }

  /** What is in the way of a consumer is no error of a call: it is tried again, and seen. */
  async function leaseOf(broker: KafkaBroker, id: string): Promise<PartitionLease> {
    let found: PartitionLease | undefined
    const consumption = await broker.consume(`in-${id}`, `group-${id}`, (lease) => (found = lease))
    while (found === undefined) {
      const trouble = consumption.trouble()
      // Others pass, as when a coordinator is only loading.
      if (trouble !== null && /ACL/.test(trouble)) throw new Error(trouble)
      await pause(20)
    }
    return found
  }

  // The first of them is the only time that nobody has the transactional ids: their prefix is the same for all.
  for (const [i, { type, name, operation }] of accessOf('N').entries()) {
    test(`without ${operation} on ${type} ${name} there is a refusal that says so`, async () => {
      const id = String(i)
      const acl = accessOf(id).map(aclOf)
      const [missing] = acl.splice(i, 1)
      await admin.createAcls({ acl })
      const word = operation[0]! + operation.slice(1).toLowerCase()
      await assert.rejects(work(id), {
        message: new RegExp(`An ACL must allow this user: .*${word}.* ${missing!.resourceName}`, 'i'),
      })
    })
  }

  test('without Alter on the states topic, partitions that the input gets wait and say why; the others go on', async () => {
    await admin.createAcls({ acl: accessOf('more').map(aclOf) })
    const { broker, end } = await connectAs('more')
    try {
      await broker.ensureTopics(['in-more', 'out-more'].map((name) => ({ name, partitions: 1 })))
      const leases: PartitionLease[] = []
      const consumption = await broker.consume('in-more', 'group-more', (lease) => leases.push(lease))
      while (leases.length < 1) await pause(20)
      await addPartitions(kafka.brokers, 'in-more', 2)
      while (!/ACL/.test(consumption.trouble() ?? '')) await pause(20)
      assert.match(
        consumption.trouble()!,
        /give topic group-more\.states 2 partitions.*Alter on topic group-more\.states\./,
      )
      await broker.append([{ ...record('in-more', 'a'), partition: 0 }])
      await (await leases.at(-1)!.next(1)).settle({ outputs: [record('out-more', '1')] })
      await admin.createAcls({
        acl: [aclOf({ type: 'TOPIC', name: 'group-more.states', operation: 'ALTER' })],
      })
      while (leases.at(-1)!.partition !== 1) await pause(20)
      assert.equal(leases.at(-1)!.fresh, false)
    } finally {
      await end()
    }
  })

  test('a topic of covariates known ahead takes Read, and is as if it were not there without', async () => {
    const office = await connectKafka(kafka.brokers)
    await office.broker.ensureTopics([{ name: 'weather', partitions: 2 }])
    const value = bytes('{ "ts": 0, "covariates": { "wind": 3 } }')
    await office.broker.append([{ topic: 'weather', key: bytes('*'), value }]).finally(office.end)
    await admin.createAcls({ acl: accessOf('weather').map(aclOf) })
    const { broker, end } = await connectAs('weather')
    try {
      const futureCovariates = { topic: 'weather' }
      const config = pipelineConfig('p', { interval: '1h', covariates: ['wind'], futureCovariates })
      const covariates = CovariateTopic.of(broker, config)!
      await covariates.refresh()
      assert.equal(covariates.there, false)
      await admin.createAcls({ acl: [aclOf({ type: 'TOPIC', name: 'weather', operation: 'READ' })] })
      let used = 0
      for (; used === 0; used = covariates.readings().used) await covariates.refresh()
      assert.equal(used, 1)
    } finally {
      await end()
    }
  })

  test('the ACLs of docs/kafka.md are enough', async () => {
    await admin.createAcls({ acl: accessOf('all').map(aclOf) })
    await work('all')
  })
})
