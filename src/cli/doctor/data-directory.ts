import { constants } from 'node:fs'
import { access, readdir, stat, statfs } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { once } from 'node:events'
import { fail, gigabytes, ok, reasonOf, warn } from './check.js'
import type { Check } from './check.js'

const name = 'data directory'
/** Below this, a log that holds a day of a busy topic may fill the disk. */
const comfortableBytes = 2e9
const hopelessBytes = 50e6

export interface DataDirectory {
  readonly check: Check
  /** A running daemon answers on its lock. */
  readonly held: boolean
}

/** Looks only: nothing is created, and the lock of a running daemon is not touched. */
export async function dataDirectory(path: string): Promise<DataDirectory> {
  const present = await existing(path)
  try {
    await access(present, constants.W_OK | constants.X_OK)
  } catch (error) {
    const hint = `make ${present} writable for this user, or set dataDir to another place`
    return { check: fail(name, `${path}: ${reasonOf(error)}`, hint), held: false }
  }
  const { bavail, bsize } = await statfs(present)
  const free = bavail * bsize
  const held = present === path && (await lockAnswers(path))
  const state = held ? 'held by a running daemon' : present === path ? 'free' : 'will be created'
  const detail = `${path}, ${state}, ${gigabytes(free)} free`
  const hint = 'make room, or set dataDir to another disk'
  if (free < hopelessBytes) return { check: fail(name, detail, hint), held }
  return { check: free < comfortableBytes ? warn(name, detail, hint) : ok(name, detail), held }
}

/** The path itself, or its nearest ancestor that exists. */
async function existing(path: string): Promise<string> {
  for (let candidate = path; ; candidate = dirname(candidate)) {
    const found = await stat(candidate).catch(() => null)
    if (found !== null || dirname(candidate) === candidate) return candidate
  }
}

/** A daemon listens on a socket named writer-*.sock beside its log; the kernel closes it with the process. */
async function lockAnswers(folder: string): Promise<boolean> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const sockets = names.filter((file) => /(^|\/)writer-[0-9a-f]+\.sock$/.test(file))
  const answers = await Promise.all(sockets.map((file) => connects(join(folder, file))))
  return answers.includes(true)
}

async function connects(path: string): Promise<boolean> {
  const connection = connect(path)
  try {
    await once(connection, 'connect')
    return true
  } catch {
    return false
  } finally {
    connection.destroy()
  }
}
