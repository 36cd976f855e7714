/** The consumer group of a pipeline: one each, so that a change to one never disturbs another. */
export function consumerGroup(pipeline: string): string {
  return `tidecast-${pipeline}`
}

/** The group that sends a pipeline's dead letters back; pipelines have no dot in their names. */
export function redriveGroup(pipeline: string): string {
  return `${consumerGroup(pipeline)}.redrive`
}
