import { F64, F64_WIDTH } from '../../core/layout.js'
import { sortInTurns } from '../../core/sort-in-turns.js'
import type { Clock } from '../../ports/clock.js'
import type { SeriesOrder, SeriesPage, SeriesQuery } from '../../ports/control/series.js'
import type { PartitionStates } from '../partition-states.js'
import { once, rosterOf, stands, type Roster } from './roster.js'
import { anomalyOf, maseOf, summaryOf } from './summary.js'
import { inTurns } from './turns.js'

/** A listing stands for so long at least, and for so many times what it took to make. */
const LEAST_AGE_MS = 1000
const REST = 10
/** Searches whose results are kept for the next page. */
const KEPT_SEARCHES = 16
const STRIDE = 2048

/** The series as they were at one moment, in the orders that have been asked for since. */
interface Listing {
  readonly roster: Roster
  readonly expires: number
  readonly orders: Map<SeriesOrder, () => Promise<Uint32Array>>
  readonly searches: Map<string, () => Promise<Uint32Array>>
}

/** By which figure, greatest first; NaN comes last. */
const KEYS: Readonly<
  Record<Exclude<SeriesOrder, 'series'>, (states: PartitionStates, slot: number) => number>
> = {
  error: maseOf,
  anomaly: anomalyOf,
  newest: (states, slot) => states.table.f64[slot * F64_WIDTH + F64.ts]!,
  stale: (states, slot) => -states.table.f64[slot * F64_WIDTH + F64.ts]!,
}

/**
 * Pages through all resident series of a pipeline, however many: sorted and searched in short turns, and at most once a
 * second. The order of the names is kept for as long as no series comes or goes.
 */
export class SeriesList {
  private listing: Listing | undefined
  private making: Promise<Listing> | undefined

  constructor(
    private readonly owned: () => readonly PartitionStates[],
    private readonly clock: Clock,
  ) {}

  async page({ search, sort, offset, limit }: SeriesQuery): Promise<SeriesPage> {
    const listing = await this.current()
    const { roster } = listing
    const found = await searched(listing, sort, search.toLowerCase())
    const items = [...found.subarray(offset, offset + limit)].flatMap((number) => {
      const states = roster.partitions[roster.owners[number]!]!
      // It may have left memory since.
      const slot = states.slots.find(roster.names[number]!)
      return slot === undefined ? [] : [summaryOf(states, slot)]
    })
    return { total: found.length, items }
  }

  private async current(): Promise<Listing> {
    const { listing } = this
    if (listing !== undefined && this.clock.now() < listing.expires) return listing
    // Whoever comes first makes it; the others wait for that.
    this.making ??= this.make(listing?.roster).finally(() => (this.making = undefined))
    return this.making
  }

  private async make(before: Roster | undefined): Promise<Listing> {
    const began = this.clock.now()
    const partitions = this.owned()
    const roster = before !== undefined && stands(before, partitions) ? before : await rosterOf(partitions)
    if (roster !== before) await roster.byName()
    const now = this.clock.now()
    const expires = now + Math.max(LEAST_AGE_MS, REST * (now - began))
    this.listing = { roster, expires, orders: new Map(), searches: new Map() }
    return this.listing
  }
}

function ordered({ roster, orders }: Listing, sort: SeriesOrder): Promise<Uint32Array> {
  if (sort === 'series') return roster.byName()
  const order = orders.get(sort) ?? once(() => byKey(roster, KEYS[sort]))
  orders.set(sort, order)
  return order()
}

async function byKey(
  roster: Roster,
  keyOf: (states: PartitionStates, slot: number) => number,
): Promise<Uint32Array> {
  const keys = await inTurns(keysOf(roster, keyOf))
  const order = (await roster.byName()).slice()
  await inTurns(sortInTurns(order, (a, b) => keys[b]! - keys[a]!))
  return order
}

function* keysOf(
  { partitions, owners, slots }: Roster,
  keyOf: (states: PartitionStates, slot: number) => number,
): Generator<void, Float64Array> {
  const keys = new Float64Array(slots.length)
  for (let i = 0; i < slots.length; i++) {
    const key = keyOf(partitions[owners[i]!]!, slots[i]!)
    // Finite, so that differences of keys are numbers.
    keys[i] = key > -Number.MAX_VALUE ? Math.min(key, Number.MAX_VALUE / 2) : -Number.MAX_VALUE / 2
    if (i % STRIDE === 0) yield
  }
  return keys
}

function searched(listing: Listing, sort: SeriesOrder, search: string): Promise<Uint32Array> {
  if (search === '') return ordered(listing, sort)
  const { searches } = listing
  const key = `${sort} ${search}`
  const found =
    searches.get(key) ??
    once(async () => {
      const lowered = await listing.roster.lowered()
      return inTurns(matching(await ordered(listing, sort), lowered, search))
    })
  if (!searches.has(key) && searches.size >= KEPT_SEARCHES) searches.delete(searches.keys().next().value!)
  searches.set(key, found)
  return found()
}

function* matching(
  order: Uint32Array,
  lowered: readonly string[],
  search: string,
): Generator<void, Uint32Array> {
  const found: number[] = []
  for (const [i, number] of order.entries()) {
    if (lowered[number]!.includes(search)) found.push(number)
    if (i % STRIDE === 0) yield
  }
  return Uint32Array.from(found)
}
