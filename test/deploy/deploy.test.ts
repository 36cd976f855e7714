import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { parse, parseAllDocuments } from 'yaml'
import { loadConfig } from '../../src/config/load.js'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..', '..', '..')
const deploy = join(root, 'deploy')

const { deployTool } = (await import(join(root, 'scripts', 'deploy-tools.mjs'))) as {
  readonly deployTool: (name: string) => string
}

/** Compiled or downloaded by scripts/deploy-tools.mjs: what could not be had there is said and skipped, under CI too. */
function withTool(tool: string): { readonly skip?: string } {
  return existsSync(deployTool(tool))
    ? {}
    : { skip: `needs ${tool}: node scripts/deploy-tools.mjs provides it` }
}

async function folder(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'tidecast-deploy-'))
  context.after(() => rm(path, { recursive: true }))
  return path
}

describe('deploy/', () => {
  test('the Dockerfile is clean', withTool('hadolint'), async () => {
    const { stdout } = await run(deployTool('hadolint'), [join(deploy, 'docker', 'Dockerfile')])
    assert.equal(stdout, '')
  })

  for (const files of [['compose.yaml'], ['compose.yaml', 'cuda.yaml']]) {
    test(`compose takes ${files.join(' with ')}`, withTool('docker-compose'), async () => {
      const args = files.flatMap((file) => ['-f', join(deploy, 'compose', file)])
      const { stdout } = await run(deployTool('docker-compose'), [...args, 'config', '--format', 'json'])
      const { services } = JSON.parse(stdout) as {
        services: Record<string, { ports: { host_ip?: string }[] }>
      }
      assert.deepEqual(Object.keys(services), ['grafana', 'kafka', 'prometheus', 'tidecast'])
      const published = Object.values(services).flatMap(({ ports }) => ports.map(({ host_ip }) => host_ip))
      assert.deepEqual([...new Set(published)], ['127.0.0.1'], 'nothing is published beyond this machine')
    })
  }

  test("compose's files are where it mounts them from, and its configuration is valid", () => {
    const files = ['prometheus/prometheus.yml', 'prometheus/rules.yml', 'grafana/dashboards/fleet.json']
    for (const file of [...files, 'grafana/provisioning', 'compose/config']) {
      assert.ok(existsSync(join(deploy, file)), file)
    }
    const file = join(deploy, 'compose', 'config', 'tidecast.json5')
    assert.equal(loadConfig({ files: [file], env: {}, overrides: {} }).broker.kind, 'kafka')
  })

  test('the systemd unit is clean', withSystemd(), async (context) => {
    const place = await folder(context)
    // The unit's programs are looked for below this root.
    await mkdir(join(place, 'opt', 'tidecast', 'bin'), { recursive: true })
    await mkdir(join(place, 'bin'), { recursive: true })
    await cp(join(root, 'bin', 'tidecast.js'), join(place, 'opt', 'tidecast', 'bin', 'tidecast.js'))
    await cp('/bin/kill', join(place, 'bin', 'kill'))
    await cp('/usr/lib/systemd/system', join(place, 'usr', 'lib', 'systemd', 'system'), {
      recursive: true,
      verbatimSymlinks: true,
    })
    const unit = join(place, 'usr', 'lib', 'systemd', 'system', 'tidecast.service')
    await cp(join(deploy, 'systemd', 'tidecast.service'), unit)
    const { stdout, stderr } = await run('systemd-analyze', ['verify', `--root=${place}`, 'tidecast.service'])
    const said = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('tidecast'))
    assert.deepEqual(said, [])
  })
})

function withSystemd(): { readonly skip?: string } {
  return existsSync('/usr/bin/systemd-analyze') ? {} : { skip: 'needs systemd-analyze' }
}

describe('the Helm chart', () => {
  const chart = join(deploy, 'helm', 'tidecast')
  const everything = {
    replicas: 3,
    gpu: { enabled: true },
    persistence: { enabled: false },
    envFromSecret: 'secrets',
    filesFromSecret: 'certificates',
    serviceMonitor: { enabled: true, labels: { release: 'monitoring' } },
    prometheusRule: { enabled: true, labels: { release: 'monitoring' } },
    keda: { enabled: true, triggers: [{ group: 'tidecast-load', topic: 'load' }] },
    podLabels: { team: 'grid' },
    podAnnotations: { note: 'x' },
  }

  async function template(context: TestContext, values: object): Promise<string> {
    const place = await folder(context)
    const file = join(place, 'values.json')
    await writeFile(file, JSON.stringify(values))
    const args = ['template', 'release', chart, '--namespace', 'forecasts', '--kube-version', '1.34.0']
    const { stdout } = await run(deployTool('helm'), [...args, '--values', file])
    const rendered = join(place, 'rendered.yaml')
    await writeFile(rendered, stdout)
    if (existsSync(deployTool('kubeconform'))) {
      const schemas = join(deployTool('kubernetes-1.34'), '{{ .ResourceKind }}{{ .KindSuffix }}.json')
      // Of these the schemas are kept by their operators.
      const skip = ['-skip', 'ServiceMonitor,PrometheusRule,ScaledObject']
      await run(deployTool('kubeconform'), ['-strict', ...skip, '-schema-location', schemas, rendered])
    }
    return stdout
  }

  test('passes lint', withTool('helm'), async () => {
    await run(deployTool('helm'), ['lint', '--strict', chart, '--kube-version', '1.34.0'])
  })

  test(
    "renders what Kubernetes' schemas accept, with defaults and with everything",
    withTool('helm'),
    async (context) => {
      const plain = await template(context, {})
      assert.match(plain, /kind: StatefulSet/)
      assert.match(plain, /readOnlyRootFilesystem: true/)
      assert.match(plain, /path: \/readyz/)
      assert.doesNotMatch(plain, /ScaledObject|ServiceMonitor|PrometheusRule|nvidia/)
      const full = await template(context, everything)
      for (const expected of [
        /ScaledObject/,
        /ServiceMonitor/,
        /nvidia\.com\/gpu: 1/,
        /secretName: certificates/,
      ]) {
        assert.match(full, expected)
      }
      assert.doesNotMatch(full, /^ {2}replicas:/m, 'with an autoscaler, the number of processes is its own')
    },
  )

  const rules = (...folder: string[]): Promise<string> => readFile(join(...folder, 'rules.yml'), 'utf8')

  test('its alerts are those of deploy/prometheus', async () => {
    assert.equal(await rules(chart, 'files'), await rules(deploy, 'prometheus'), 'npm run docs copies them')
  })

  test(
    'its rule for the Prometheus operator has all alerts as they are',
    withTool('helm'),
    async (context) => {
      const rendered = parseAllDocuments(await template(context, everything)).map(
        (document) => document.toJS() as { readonly kind: string; readonly spec: unknown },
      )
      const rule = rendered.find(({ kind }) => kind === 'PrometheusRule')
      assert.deepEqual(rule?.spec, parse(await rules(deploy, 'prometheus')))
    },
  )

  test('its configuration is one that the daemon takes', withTool('helm'), async (context) => {
    const rendered = await template(context, {})
    const [, indented] = /tidecast\.json5: \|\n((?: {4}.*\n)+)/.exec(rendered) ?? []
    const file = join(await folder(context), 'tidecast.json5')
    await writeFile(file, indented ?? '')
    assert.deepEqual(
      loadConfig({ files: [file], env: {}, overrides: {} }).pipelines.map(({ name }) => name),
      ['load'],
    )
  })

  test(
    'what could not work is refused: many processes on an embedded log, secrets in the clear',
    withTool('helm'),
    async (context) => {
      const pipelines = { load: { interval: '1h' } }
      const refusals: [object, RegExp][] = [
        [{ replicas: 2, config: { broker: { kind: 'embedded' }, pipelines } }, /more than one process needs/],
        [{ config: { http: { token: 'a-token-in-the-clear' }, pipelines } }, /config\/http/],
        [{ config: { broker: { kafka: { sasl: { password: 'secret' } } }, pipelines } }, /sasl/],
        [{ keda: { enabled: true } }, /keda\.triggers/],
        [{ replica: 2 }, /additional properties|replica/],
      ]
      for (const [values, reason] of refusals) await assert.rejects(template(context, values), reason)
    },
  )

  test('the versions of chart, package and image are one', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
    const text = await readFile(join(chart, 'Chart.yaml'), 'utf8')
    assert.match(text, new RegExp(`^version: ${version}$`, 'm'))
    assert.match(text, new RegExp(`^appVersion: ${version}$`, 'm'))
  })
})
