/** The consumer group of a pipeline: one each, so that a change to one never disturbs another. */
export function consumerGroup(pipeline: string): string {
  return `tidecast-${pipeline}`
}
