import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * Runs a program to its end. Never rejects: a program that cannot be started, fails or takes too long is an outcome.
 * With `show`, its output goes to our stderr as it comes (progress of long steps); else it is kept for error messages.
 */
export function run(program, args, { cwd, env, timeoutMs, show = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      env: env ?? process.env,
      stdio: show ? ['ignore', 2, 2] : ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    let output = ''
    let stdout = ''
    child.stdout?.on('data', (chunk) => {
      stdout += chunk
      output += chunk
    })
    child.stderr?.on('data', (chunk) => {
      output += chunk
    })
    child.on('error', (error) => resolve({ ok: false, stdout, output, reason: error.message }))
    child.on('close', (code, signal) => {
      if (code === 0) resolve({ ok: true, stdout, output, reason: '' })
      else resolve({ ok: false, stdout, output, reason: failure(program, code, signal, output) })
    })
  })
}

function failure(program, code, signal, output) {
  const lines = output.split('\n').map((line) => line.trim())
  // A stack trace or a summary often follows the line that says what is wrong.
  const telling = lines.find((line) => /error: /i.test(line)) ?? lines.filter(Boolean).at(-1) ?? ''
  const how = signal === null ? `ended with code ${code}` : `was ended by ${signal} (time-out?)`
  return `${program} ${how}${telling === '' ? '' : `: ${telling.slice(0, 300)}`}`
}

/** Path of an executable on PATH, or null. */
export function which(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder === '') continue
    const path = join(folder, name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // not in this folder
    }
  }
  return null
}
