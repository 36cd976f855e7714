import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { Command } from 'commander'
import JSON5 from 'json5'
import { registerConfig } from '../../src/cli/config.js'
import { loadConfig } from '../../src/config/load.js'

const dir = mkdtempSync(join(tmpdir(), 'tidecast-cli-config-'))
after(() => rmSync(dir, { recursive: true }))

const SECRET = 'a-secret-of-sufficient-length'

async function run(argv: readonly string[], env: Record<string, string> = {}) {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  let code = 0
  const exit = (given: number) => void (code = given)
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  registerConfig(program, {
    env,
    cwd: dir,
    args: argv,
    stdout,
    stderr,
    isTTY: false,
    pid: 1,
    version: 'test',
    exit,
    signal: new AbortController().signal,
  })
  await program.parseAsync(['config', ...argv], { from: 'user' })
  stdout.end()
  stderr.end()
  return { code, out: await text(stdout), err: await text(stderr) }
}

writeFileSync(
  join(dir, 'good.json5'),
  `{ http: { token: '${SECRET}' }, pipelines: { p: { interval: '15m', season: 'none' } } }`,
)
writeFileSync(join(dir, 'bad.json5'), '{ http: { prot: 1 }, pipelines: { p: { horizon: 0 } } }')

test('check succeeds on a good file and names its pipelines', async () => {
  const { code, out, err } = await run(['check', '--config', 'good.json5'])
  assert.deepEqual([code, err], [0, ''])
  assert.match(out, /^ok: .*good\.json5 \(pipelines: p\)\n$/)
})

test('check fails on a bad file and lists every problem, for people and for programs', async () => {
  const people = await run(['check', '--config', 'bad.json5'])
  assert.deepEqual([people.code, people.out], [1, ''])
  assert.match(people.err, /http\.prot.*did you mean "port"[^]*pipelines\.p\.horizon/)

  const programs = await run(['check', '--json', '--config', 'bad.json5'])
  const { ok, problems } = JSON.parse(programs.out) as { ok: boolean; problems: { path: string }[] }
  assert.equal(programs.code, 1)
  assert.equal(ok, false)
  assert.deepEqual(
    problems.map(({ path }) => path),
    ['http.prot', 'pipelines.p.horizon'],
  )
})

test('show never prints a secret, whatever the form', async () => {
  for (const form of [[], ['--json']]) {
    const { code, out } = await run(['show', '--config', 'good.json5', ...form])
    assert.equal(code, 0)
    assert.doesNotMatch(out, new RegExp(SECRET))
  }
})

test('what show prints is a file that loads to the same configuration', async () => {
  const { out } = await run(['show', '--config', 'good.json5', '--set', 'pipelines.p.horizon=48'])
  const printed: { pipelines: { p: { interval: string } } } = JSON5.parse(out)
  assert.equal(printed.pipelines.p.interval, '15m')
  const direct = loadConfig({
    files: [join(dir, 'good.json5')],
    env: {},
    overrides: { 'pipelines.p.horizon': 48 },
  })
  assert.deepEqual(loadConfig({ files: [], text: out, env: { TIDECAST_HTTP_TOKEN: SECRET } }), direct)
})

test('the configuration file is the one asked for, else $TIDECAST_CONFIG, else ./tidecast.json5, else the demonstration', async (t) => {
  assert.match(
    (await run(['check'])).out,
    /default\.json5 \(pipelines: electricity, traffic, weather, stocks\)/,
  )
  writeFileSync(join(dir, 'tidecast.json5'), '{ pipelines: { local: {} } }')
  t.after(() => rmSync(join(dir, 'tidecast.json5')))
  assert.match((await run(['check'])).out, /pipelines: local/)
  assert.match((await run(['check'], { TIDECAST_CONFIG: 'good.json5' })).out, /good\.json5/)
})

test('--profile begins with the settings for a kind of topic, under the files', async () => {
  const { out } = await run(['check', '--profile', 'traffic', 'load', '--config', 'good.json5'])
  assert.match(out, /traffic\.json5, .*load\.json5, .*good\.json5 \(pipelines: traffic, load, p\)/)
  await assert.rejects(
    run(['check', '--profile', 'stonks']),
    /Allowed choices are stock, traffic, load, weather/,
  )
})

test('show --origins says where each value came from, and masks secrets', async () => {
  const { out } = await run(['show', '--origins', '--config', 'good.json5'], { TIDECAST_HTTP_PORT: '9' })
  assert.match(out, /^http\.port +9 +TIDECAST_HTTP_PORT$/m)
  assert.match(out, /^http\.token +'\*+' +.*good\.json5$/m)
  assert.match(out, /^pipelines\.p\.interval +'15m' +.*good\.json5$/m)
  assert.match(out, /^pipelines\.p\.horizon +24 +default$/m)
  assert.doesNotMatch(out, new RegExp(SECRET))
})

test('diff compares two files, also in YAML, and says what a reload would do', async (t) => {
  writeFileSync(
    join(dir, 'new.yaml'),
    'pipelines:\n  p:\n    interval: 15m\n    season: none\n    horizon: 12\n',
  )
  t.after(() => rmSync(join(dir, 'new.yaml')))
  const { code, out } = await run(['diff', 'good.json5', 'new.yaml'])
  assert.equal(code, 0)
  assert.match(out, /^~ pipelines\.p\.horizon: 24 -> 12: applied live$/m)
  const { changes } = JSON.parse((await run(['diff', 'good.json5', 'new.yaml', '--json'])).out) as {
    changes: { path: string }[]
  }
  assert.deepEqual(
    changes.map(({ path }) => path),
    ['http.token', 'pipelines.p.horizon'],
  )
})

test('an override that is no assignment is refused', async () => {
  await assert.rejects(run(['check', '--set', 'horizon']), /Expected path=value/)
})
