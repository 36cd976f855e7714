const HOUR = 3_600_000
const DAY = 24 * HOUR
/** An hour, six, a day, a week, four, a year: whole weeks, so that all of a length hold the same weekdays. */
const LENGTHS = [HOUR, 6 * HOUR, DAY, 7 * DAY, 28 * DAY, 364 * DAY]
/** More of them are too many to look at. */
const MOST_PERIODS = 60

/** The shortest length (ms) of which so long a time (ms) has no more than `MOST_PERIODS`. */
export function periodLength(span: number): number {
  return LENGTHS.find((length) => span <= MOST_PERIODS * length) ?? LENGTHS.at(-1)!
}
