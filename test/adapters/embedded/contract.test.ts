import { rm } from 'node:fs/promises'
import { brokerContract } from '../../contract/broker-contract.js'
import { openLog, temporaryDirectory } from './temporary-log.js'

brokerContract('embedded log', async () => {
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
})
