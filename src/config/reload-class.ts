/** What a change of a setting takes while the daemon runs. Each setting has one, in the schema. */
export type Reload = 'live' | 'pipeline-restart' | 'retrain' | 'states-drop' | 'process-restart'

/** From what disturbs least to what disturbs most: of several changes to a pipeline, the last one counts. */
export const RELOADS: readonly Reload[] = [
  'live',
  'pipeline-restart',
  'retrain',
  'states-drop',
  'process-restart',
]

/** What happens, in words: in the plan, in the log and in the reference. */
export const RELOAD_TEXTS: Readonly<Record<Reload, string>> = {
  live: 'applied live',
  'pipeline-restart': 'pipeline restarted from its snapshot, states kept',
  retrain:
    'the network in use goes on until one for this has been trained, then the states are re-warmed; where there is none, the pipeline is restarted and its states are converted',
  'states-drop': 'pipeline restarted, states dropped and rebuilt from the recent past of its topic',
  'process-restart': 'refused: needs a restart of the process',
}
