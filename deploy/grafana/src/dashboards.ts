import { fleet } from './fleet.js'
import { learning } from './learning.js'
import { quality } from './quality.js'
import { series } from './series.js'

/** File in deploy/grafana/dashboards → its text. */
export function dashboardFiles(): ReadonlyMap<string, string> {
  const all = { fleet, quality, learning, series }
  return new Map(
    Object.entries(all).map(([name, make]) => {
      const made = make().build()
      const panels = made.panels?.map((panel, i) => ({ ...panel, id: i + 1 }))
      return [`${name}.json`, `${JSON.stringify({ ...made, panels }, null, 2)}\n`]
    }),
  )
}
