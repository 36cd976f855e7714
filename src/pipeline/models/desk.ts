import type { PipelineConfig } from '../../config/types.js'
import { prunable } from '../../core/retention.js'
import type { Clock } from '../../ports/clock.js'
import { ModelError } from '../../ports/control/models.js'
import type {
  ModelsStatus,
  ModelVersion,
  PipelineModels,
  RollbackTarget,
} from '../../ports/control/models.js'
import type { Decision, ModelStore, StoredModel } from '../../ports/model-store.js'
import { misfits } from '../fits.js'
import { decodeModelFile, encodeModelFile } from './file.js'
import { signatureOf, traitsOf } from './traits.js'

/** Who forecasts a pipeline: it at work, or the store alone while it rests. */
export interface Office {
  /** `null`: the baseline. */
  readonly serving: number | null
  /** Newest time stamp (ms) of the stream, and observations taken; `null` where that is not known. */
  readonly newest: number | null
  readonly observations: number | null
  /** `null`: the baseline. */
  appoint(model: StoredModel | null): Promise<void>
}

/** A pipeline that rests: whoever starts it begins with the champion. */
export function restingOffice({ name }: PipelineConfig, models: ModelStore): Office {
  return {
    get serving() {
      return models.champion(name)
    },
    newest: null,
    observations: null,
    appoint: (model) => models.setChampion(name, model?.version ?? null),
  }
}

/** What people do with the networks of a pipeline. Every change is noted among the decisions, with who went and who came. */
export class ModelDesk implements PipelineModels {
  constructor(
    private readonly config: PipelineConfig,
    private readonly models: ModelStore,
    private readonly office: Office,
    private readonly clock: Clock,
  ) {}

  status(): ModelsStatus {
    const { models, office } = this
    const { name } = this.config
    const back = this.previous()
    return {
      pipeline: name,
      champion: models.champion(name),
      serving: office.serving,
      ...(back === undefined ? {} : { goesBackTo: back }),
      models: models.list(name).map((model) => this.shown(model)),
    }
  }

  async promote(version: number, note: string): Promise<void> {
    const model = this.usable(version)
    if (this.models.champion(this.config.name) === version) throw alreadyThere(version)
    await this.office.appoint(model)
    const { scores, verdict = null } = model
    await this.note({ reason: reasonOf(note), outcome: 'promoted', version, why: null, scores, verdict })
  }

  async rollback(to: RollbackTarget | undefined, note: string): Promise<void> {
    const { models, office } = this
    const champion = models.champion(this.config.name)
    const target = to === undefined ? this.previous() : to === 'baseline' ? null : to
    if (target === undefined) {
      throw new ModelError('nothing-to-do', 'There is no earlier champion to go back to; name a version.')
    }
    if (target === champion) throw alreadyThere(target)
    const model = target === null ? null : this.usable(target)
    // Noted first: whatever happens then, nothing is trained at once to take its place.
    await this.note({
      reason: reasonOf(note),
      outcome: 'rolled-back',
      version: champion,
      why: null,
      to: target,
      ...(office.newest === null ? {} : { newest: office.newest }),
    })
    await office.appoint(model)
  }

  export(version: number): Uint8Array {
    return encodeModelFile(this.stored(version))
  }

  async import(file: Uint8Array): Promise<ModelVersion> {
    const { config, models, office } = this
    const { pipeline, version, report, ...model } = decodeModelFile(file)
    const { seen: _elsewhere, ...told } = report
    const unfit = misfits(model.spec, config)
    if (unfit.length > 0) throw new ModelError('unfit', unfitText(unfit, config.name))
    const stored = await models.put({
      ...model,
      pipeline: config.name,
      parent: null,
      report: { ...told, ...(office.observations === null ? {} : { seen: office.observations }) },
      origin: { pipeline, version },
    })
    return this.shown(stored)
  }

  async prune(keep = this.config.models.keep): Promise<readonly number[]> {
    const { models } = this
    const { name } = this.config
    const gone = prunable(models.list(name), models.champion(name), models.formerChampions(name), keep)
    if (gone.length > 0) await models.remove(name, gone)
    return gone
  }

  /** The latest former champion that can still be used, `null` the baseline; `undefined`: nothing else has ever forecast. */
  private previous(): number | null | undefined {
    const { models, config } = this
    const known = new Map(models.list(config.name).map(({ version, spec }) => [version, spec]))
    const former = models.formerChampions(config.name)
    const last = former.findLast((version) => {
      const spec = version === null ? undefined : known.get(version)
      return version === null || (spec !== undefined && misfits(spec, config).length === 0)
    })
    return last === undefined && models.champion(config.name) !== null ? null : last
  }

  private usable(version: number): StoredModel {
    const model = this.stored(version)
    const unfit = misfits(model.spec, this.config)
    if (unfit.length > 0) throw new ModelError('unfit', unfitText(unfit, this.config.name))
    if (model.weights.every(Number.isFinite)) return model
    throw new ModelError('damaged', `Version ${version} has weights that are not finite numbers.`)
  }

  private stored(version: number): StoredModel {
    const { name } = this.config
    const model = this.models.get(name, version)
    if (model !== null) return model
    const known = this.models.list(name).map((one) => one.version)
    const which = known.length === 0 ? 'none' : known.join(', ')
    throw new ModelError('unknown-version', `"${name}" has no version ${version}; it has: ${which}.`)
  }

  private shown(model: Omit<StoredModel, 'weights'> & { readonly weights?: Float32Array }): ModelVersion {
    const { weights: _weights, ...rest } = model
    return {
      ...rest,
      signature: signatureOf(traitsOf(model.spec)),
      misfits: misfits(model.spec, this.config),
      champion: this.models.champion(this.config.name) === model.version,
    }
  }

  private note(decision: Omit<Decision, 'at' | 'scores' | 'verdict'> & Partial<Decision>): Promise<void> {
    const at = new Date(this.clock.now()).toISOString()
    return this.models.note(this.config.name, { at, scores: null, verdict: null, ...decision })
  }
}

function reasonOf(note: string): string {
  return note === '' ? 'by hand' : `by hand: ${note}`
}

function alreadyThere(version: number | null): ModelError {
  const who = version === null ? 'The baseline' : `Version ${version}`
  return new ModelError('nothing-to-do', `${who} is the champion already.`)
}

function unfitText(misfits: readonly string[], pipeline: string): string {
  return `It was made for another configuration than that of "${pipeline}": ${misfits.join('; ')}.`
}
