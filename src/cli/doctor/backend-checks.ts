import type { Config } from '../../config/types.js'
import { fail, ok, warn } from './check.js'
import type { Check } from './check.js'
import type { ProbeReport } from './probe.js'

const oldest = { major: 20, minor: 19 }

export function nodeCheck(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  const supported = major > oldest.major || (major === oldest.major && minor >= oldest.minor)
  return supported
    ? ok('node', version)
    : fail('node', version, `install Node.js ${oldest.major}.${oldest.minor} or later`)
}

/** Backend, its devices and the mask, from what loading it in a worker thread brought. */
export function backendChecks(report: ProbeReport, wanted: Config['engine']['backend']): Check[] {
  if (report.kind === 'failed') {
    const hint =
      wanted === 'auto'
        ? 'run "npm run setup -- --force" and read what it says'
        : 'set engine.backend to "auto", or run "npm run setup -- --force" and read what it says'
    return [fail('backend', report.reason, hint)]
  }
  const { name, version, devices, signalsBlocked, fallbacks } = report.info
  const detail = `${name} ${version} on ${devices.join(', ')}`
  const portable = name !== 'tensorflow' && wanted === 'auto'
  return [
    portable || fallbacks.length > 0
      ? warn(
          'backend',
          [detail, ...fallbacks].join('; '),
          'for full speed: Linux x64 with python3, pip and g++, then "npm run setup -- --force"',
        )
      : ok('backend', detail),
    signalsBlocked
      ? ok('signal mask', "all signals are blocked on TensorFlow's threads")
      : warn(
          'signal mask',
          'signals are not blocked; slower kernels are used, which signals cannot corrupt',
          'install g++, then "npm run setup -- --force"',
        ),
  ]
}
