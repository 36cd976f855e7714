import { rm } from 'node:fs/promises'
import type { EmbeddedBroker } from '../../../src/adapters/embedded/embedded-broker.js'
import { brokerContract, type BrokerFixture } from '../../contract/broker-contract.js'
import { modelsContract } from '../../contract/models-contract.js'
import { redriveContract } from '../../contract/redrive-contract.js'
import { openLog, temporaryDirectory } from './temporary-log.js'

const open = async (): Promise<BrokerFixture<EmbeddedBroker>> => {
  const dir = await temporaryDirectory()
  let broker = await openLog(dir)
  return {
    broker,
    async reopen() {
      await broker.close()
      broker = await openLog(dir)
      return broker
    },
    async destroy() {
      await broker.close()
      await rm(dir, { recursive: true })
    },
  }
}

brokerContract('embedded log', open)
modelsContract('embedded log', open)
redriveContract('embedded log', open)
