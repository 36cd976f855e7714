import type { Mechanism } from 'kafkajs'
import { BrokerError } from '../../ports/broker.js'

/** RFC 7628, 3.1: no channel binding, no other identity than the token's own. */
const message = (token: string): Buffer => Buffer.from(`n,,\u0001auth=Bearer ${token}\u0001\u0001`)

/**
 * Ends the attempt to log in: on the same connection there is no second one, and kafkajs would try. The cause, which is
 * what its caller is told, knows whether later ones are worth it.
 */
function noToken(cause: unknown): never {
  throw Object.assign(new Error('no token', { cause }), { name: 'KafkaJSNoToken', retriable: false })
}

/**
 * OAUTHBEARER for kafkajs, whose own takes every answer for a yes: a cluster that refuses a token says why in its answer
 * (RFC 7628, 3.2.2), and fails all that comes after.
 */
export function oauthBearer(token: () => Promise<string>): Mechanism {
  return {
    mechanism: 'OAUTHBEARER',
    authenticationProvider: ({ saslAuthenticate }) => ({
      authenticate: async () => {
        const bytes = message(await token().catch(noToken))
        const lengthFirst = Buffer.alloc(4 + bytes.length)
        lengthFirst.writeInt32BE(bytes.length)
        bytes.copy(lengthFirst, 4)
        const refusal = await saslAuthenticate<string>({
          request: { encode: () => lengthFirst },
          // Answers come with their length before them.
          response: { decode: (answer) => answer.subarray(4), parse: (answer) => answer.toString() },
        })
        if (refusal !== undefined && refusal !== '') {
          const reason = `the token was refused: ${refusal.slice(0, 300)}`
          throw new BrokerError('unavailable', `Kafka refused a login with OAUTHBEARER: ${reason}.`)
        }
      },
    }),
  }
}
