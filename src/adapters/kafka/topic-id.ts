import type { Cluster } from 'kafkajs'
import { createErrorFromCode, WireDecoder, WireEncoder } from './kafkajs.js'

const METADATA = 3
/** The first version whose answers hold topic ids (Kafka 2.8). */
const VERSION = 10
const ID_BYTES = 16

/** A broker's connection as kafkajs keeps it. */
interface Connected {
  readonly versions: Readonly<Record<number, { readonly maxVersion: number } | undefined>>
  readonly connectionPool: {
    send(exchange: {
      readonly request: {
        readonly apiKey: number
        readonly apiVersion: number
        readonly apiName: string
        readonly encode: () => Promise<WireEncoder>
      }
      readonly response: {
        readonly decode: (payload: Buffer) => Promise<string>
        readonly parse: (id: string) => Promise<string>
      }
    }): Promise<string>
  }
}

/**
 * The id that a node's topic has had since it was made: hexadecimal. `null` where the node is too old to tell. Rejects
 * where it knows no such topic.
 */
export async function topicIdAt(cluster: Cluster, nodeId: string, topic: string): Promise<string | null> {
  const { versions, connectionPool } = (await cluster.findBroker({ nodeId })) as unknown as Connected
  if ((versions[METADATA]?.maxVersion ?? 0) < VERSION) return null
  return connectionPool.send({
    request: {
      apiKey: METADATA,
      apiVersion: VERSION,
      apiName: 'Metadata',
      encode: () => Promise.resolve(encode(topic)),
    },
    response: {
      decode: (payload) => Promise.resolve().then(() => decode(payload)),
      parse: (id) => Promise.resolve(id),
    },
  })
}

/**
 * Metadata Request (Version: 10) => TAGS [topics] allow_auto_topic_creation include_cluster_authorized_operations
 * include_topic_authorized_operations TAGS; topics => topic_id name TAGS. Arrays and strings are compact.
 */
function encode(topic: string): WireEncoder {
  return new WireEncoder()
    .writeUVarInt(0)
    .writeUVarInt(1 + 1)
    .writeBuffer(Buffer.alloc(ID_BYTES))
    .writeUVarIntString(topic)
    .writeUVarInt(0)
    .writeBoolean(false)
    .writeBoolean(false)
    .writeBoolean(false)
    .writeUVarInt(0)
}

/**
 * Metadata Response (Version: 10) => TAGS throttle_time_ms [brokers] cluster_id controller_id [topics] …;
 * brokers => node_id host port rack TAGS; topics => error_code name topic_id …. The rest is not read.
 */
function decode(payload: Buffer): string {
  const decoder = new WireDecoder(payload)
  decoder.readTaggedFields()
  decoder.readInt32()
  for (let brokers = decoder.readUVarInt() - 1; brokers > 0; brokers--) {
    decoder.readInt32()
    decoder.readUVarIntString()
    decoder.readInt32()
    decoder.readUVarIntString()
    decoder.readTaggedFields()
  }
  decoder.readUVarIntString()
  decoder.readInt32()
  decoder.readUVarInt()
  const error = decoder.readInt16()
  if (error !== 0) throw createErrorFromCode(error)
  decoder.readUVarIntString()
  return decoder.readBytes(ID_BYTES).toString('hex')
}
