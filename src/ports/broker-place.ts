/** Where a broker's records are. Plain data: it travels to the trainer's process, which reads the same log. */
export type BrokerPlace = EmbeddedPlace | KafkaPlace

export interface EmbeddedPlace {
  readonly kind: 'embedded'
  readonly dir: string
  readonly mapSizeBytes: number
}

export interface KafkaPlace {
  readonly kind: 'kafka'
  readonly connection: KafkaConnection
  /** Folder of the local copy of states. */
  readonly dir: string
  /** That copy may take up this much. */
  readonly mapSizeBytes: number
  /** Of topics that are created; −1 leaves it to the cluster. */
  readonly replicationFactor: number
  readonly modelsTopic: string
  /** A member of which the group hears nothing for so long has lost its partitions. */
  readonly sessionTimeoutMs: number
  readonly heartbeatMs: number
}

/** How a Kafka cluster is reached. */
export interface KafkaConnection {
  readonly brokers: readonly string[]
  readonly clientId: string
  /** Files in PEM form; absent: no TLS. Without `ca` the system's authorities are trusted. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
    readonly username: string
    readonly password: string
  }
  readonly connectionTimeoutMs: number
  readonly requestTimeoutMs: number
}
