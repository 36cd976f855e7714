import { Store } from './store.js'

/** A pipeline that somebody wants to plan: its name, and what a file would say of it. */
export interface PlannedPipeline {
  readonly name: string
  readonly settings: Readonly<Record<string, unknown>>
}

/** Handed from the view that proposes it to the one that plans. */
export const plannedPipeline = new Store<PlannedPipeline | null>(null)
