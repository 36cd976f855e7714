import { resolve } from 'node:path'
import type { Command } from 'commander'
import { ConfigError } from '../config/error.js'
import type { Config } from '../config/types.js'
import { addConfigOptions, configFiles, configFrom } from './config-options.js'
import type { ConfigOptions } from './config-options.js'
import type { CliContext } from './context.js'
import { probeCuda } from './cuda-probe.js'
import { backendChecks, nodeCheck } from './doctor/backend-checks.js'
import { brokerCheck } from './doctor/broker-check.js'
import { fail, ok, reasonOf } from './doctor/check.js'
import type { Check } from './doctor/check.js'
import { dataDirectory } from './doctor/data-directory.js'
import { cudaCheck, listCudaDevices } from './doctor/cuda-check.js'
import { httpCheck } from './doctor/http-port.js'
import { nativeCacheCheck } from './doctor/native-cache.js'
import { limitsCheck, readLimits } from './doctor/limits.js'
import { printOwnership } from './doctor/ownership.js'
import type { Ownership } from './doctor/ownership.js'
import { probeBackend } from './doctor/probe.js'
import { amount, printSizing, sizingOf } from './doctor/sizing.js'

export interface DoctorOptions {
  /** Where the configuration comes from, in words. */
  readonly configSource: string
  /** May throw a `ConfigError`. */
  readonly loadConfig: () => Config
  /** Relative paths of the configuration start here. */
  readonly cwd: string
  readonly pid: number
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

export interface DoctorReport {
  /** The daemon can do its main job: nothing failed. */
  readonly ok: boolean
  readonly checks: readonly Check[]
  /** On Kafka, who works on each pipeline. */
  readonly ownership: readonly Ownership[]
}

const defaultEngine = { backend: 'auto', threads: 1, device: 'cpu' } as const

/** Looks at everything the daemon needs, and changes nothing. Never rejects: what cannot be checked has failed. */
export async function doctor(options: DoctorOptions): Promise<DoctorReport> {
  const { config, check } = readConfig(options)
  const engine = config === null ? defaultEngine : { ...config.engine, ...config.inference }
  const [report, cuda, listed] = await Promise.all([
    probeBackend(engine, options.signal),
    probeCuda(engine, options.env),
    listCudaDevices(),
  ])
  const places = config === null ? null : await placeChecks(config, options)
  const checks = [
    nodeCheck(report.node),
    limitsCheck(readLimits()),
    ...backendChecks(report, engine.backend),
    cudaCheck(cuda, listed, config),
    await nativeCacheCheck(),
    check,
    ...(places?.checks ?? []),
  ]
  const healthy = checks.every(({ status }) => status !== 'fail')
  return { ok: healthy, checks, ownership: places?.ownership ?? [] }
}

function readConfig({ loadConfig, configSource }: DoctorOptions): { config: Config | null; check: Check } {
  try {
    const config = loadConfig()
    const pipelines = config.pipelines.map(({ name }) => name).join(', ')
    return { config, check: ok('configuration', `${configSource} (pipelines: ${pipelines || 'none'})`) }
  } catch (error) {
    const hint =
      error instanceof ConfigError
        ? 'put these right; "tidecast config reference" explains every setting'
        : 'check that the file can be read'
    return { config: null, check: fail('configuration', `${configSource}: ${reasonOf(error)}`, hint) }
  }
}

async function placeChecks(
  config: Config,
  { cwd, pid }: DoctorOptions,
): Promise<Pick<DoctorReport, 'checks' | 'ownership'>> {
  const dataDir = resolve(cwd, config.dataDir)
  const { check, held } = await dataDirectory(dataDir)
  const broker = await brokerCheck(config, dataDir, pid)
  return { checks: [check, broker.check, await httpCheck(config.http, held)], ownership: broker.ownership }
}

type Options = ConfigOptions & {
  readonly json?: true
  readonly sizing?: true
  readonly series: number
  readonly rate?: number
}

export function registerDoctor(program: Command, context: CliContext): void {
  addConfigOptions(program.command('doctor').description('check that everything the daemon needs is there'))
    .option('--json', 'print the outcome as JSON')
    .option('--sizing', 'what the configured pipelines need, in place of the checks')
    .option('--series <n>', 'with --sizing: series of each pipeline', amount, 1000)
    .option(
      '--rate <n>',
      'with --sizing: records per second of each pipeline; default: one for each series and step of its grid',
      amount,
    )
    .action(async (options: Options) => {
      if (options.sizing === true) {
        const { series, rate = null } = options
        const sizing = sizingOf(configFrom(options, context), { series, rate }, readLimits())
        context.stdout.write(options.json === true ? `${JSON.stringify(sizing)}\n` : printSizing(sizing))
        return
      }
      const report = await doctor({
        configSource: configFiles(options, context).join(', '),
        loadConfig: () => configFrom(options, context),
        cwd: context.cwd,
        pid: context.pid,
        env: context.env,
        signal: context.signal,
      })
      context.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : printReport(report))
      if (!report.ok) context.exit(1)
    })
}

export function printReport({ ok: healthy, checks, ownership }: DoctorReport): string {
  const sign = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const
  const lines = checks.flatMap(({ name, status, detail, hint }) => [
    `${sign[status]}  ${name.padEnd(14)}  ${detail}`,
    ...(hint === undefined ? [] : [`      ${' '.repeat(14)}  → ${hint}`]),
  ])
  const owners = ownership.flatMap((one) => ['', ...printOwnership(one)])
  return [...lines, ...owners, '', healthy ? 'Tidecast can run.' : 'Tidecast cannot run like this.', ''].join(
    '\n',
  )
}
