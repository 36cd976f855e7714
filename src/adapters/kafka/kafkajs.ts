import kafkajs from 'kafkajs'

/** kafkajs is CommonJS in a form of which Node finds only some names by itself. */
export const {
  AssignerProtocol,
  CompressionCodecs,
  CompressionTypes,
  ConfigResourceTypes,
  ConfigSource,
  Kafka,
  logLevel,
} = kafkajs
