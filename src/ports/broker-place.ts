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
  /** Whether missing topics are created; without, they are an error. */
  readonly createTopics: boolean
  /** Whether copies are kept also of the states whose partitions other processes own. */
  readonly standby: boolean
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
  readonly sasl?: KafkaLogin
  /** What is sent is packed with; what is read may be packed with any. */
  readonly compression: Compression
  readonly connectionTimeoutMs: number
  /** Of a login; with a token endpoint its answer included. */
  readonly authenticationTimeoutMs: number
  readonly requestTimeoutMs: number
}

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

export type KafkaLogin =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
      readonly username: string
      readonly password: string
    }
  | { readonly mechanism: 'oauthbearer'; readonly oauth: OAuthLogin }

/** A token from a file that somebody else keeps up to date, or from an endpoint that knows this client. */
export type OAuthLogin =
  | { readonly tokenFile: string }
  | {
      /** HTTPS. */
      readonly endpoint: string
      readonly clientId: string
      readonly clientSecret: string
      readonly scope?: string
      /** File with the authorities to trust for the endpoint, PEM; absent: the system's. */
      readonly ca?: string
    }
