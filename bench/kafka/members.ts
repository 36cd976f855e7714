import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { MemberTask } from './member.js'

export interface Member {
  stop(): Promise<void>
}

/** Starts a process of a group and waits until it has joined; with `core`, it runs on that one alone. */
export async function startMember(task: MemberTask, core?: number): Promise<Member> {
  const program = [process.execPath, new URL('./member.js', import.meta.url).pathname, JSON.stringify(task)]
  const [command, ...args] = core === undefined ? program : ['taskset', '-c', String(core), ...program]
  const child = spawn(command!, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const ready = await Promise.race([once(child.stdout, 'data').then(() => true), ended.then(() => false)])
  if (!ready) throw new Error('a process of the group ended before it had joined')
  return {
    stop: async () => {
      child.stdin.end()
      await ended
    },
  }
}
