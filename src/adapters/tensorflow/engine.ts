import { SHARE_ENV, Worker } from 'node:worker_threads'
import type { NetworkSpec } from '../../core/network-spec.js'
import type { BackendInfo, Engine, LoadedNetwork, StepBuffers, Wave } from '../../ports/engine.js'
import type { EngineReply, EngineRequest, EngineThreadOptions } from './protocol.js'

interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * Starts the engine's thread and waits until its backend is loaded.
 * TensorFlow lives there alone, behind a signal mask: its fused operations corrupt the heap of a thread that is
 * interrupted by a signal while they run.
 * @param failed called once when the thread dies under way; every call pending or made later rejects
 */
export function startEngine(options: EngineThreadOptions, failed: (error: Error) => void): Promise<Engine> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./engine-worker.js', import.meta.url), {
      workerData: options,
      env: SHARE_ENV, // so that TensorFlow sees the settings made there, also without the native module
    })
    let engine: ThreadEngine | undefined
    const fail = (error: Error): void => {
      if (engine === undefined) reject(error)
      else if (engine.abandon(error)) failed(error)
    }
    worker.on('error', (error) => {
      fail(error instanceof Error ? error : new Error(String(error)))
    })
    worker.on('exit', (code) => {
      fail(new Error(`the engine's thread ended with code ${String(code)}`))
    })
    worker.on('message', (reply: EngineReply) => {
      if (reply.kind === 'ready') {
        engine = new ThreadEngine(worker, reply.backend)
        resolve(engine)
      } else if (reply.kind === 'unusable') fail(new Error(reply.message))
      else engine?.settle(reply)
    })
  })
}

class ThreadEngine implements Engine {
  private readonly waiting = new Map<number, Waiting>()
  private nextId = 1
  private nextNetwork = 1
  private dead: Error | undefined

  constructor(
    private readonly worker: Worker,
    readonly backend: BackendInfo,
  ) {}

  async load(spec: NetworkSpec, weights: Float32Array): Promise<LoadedNetwork> {
    const network = this.nextNetwork++
    await this.ask((id) => ({ kind: 'load', id, network, spec, weights }))
    return {
      spec,
      step: (states: Float32Array, buffers: StepBuffers, waves: readonly Wave[]) =>
        this.ask((id) => ({ kind: 'step', id, network, states, buffers, waves })),
      release: () => {
        if (this.dead === undefined) this.send({ kind: 'release', network })
      },
    }
  }

  get oldest(): number | null {
    return this.waiting.keys().next().value ?? null // in the order in which they were asked
  }

  async close(): Promise<void> {
    if (this.dead !== undefined) return
    const ended = new Promise((resolve) => this.worker.once('exit', resolve))
    this.send({ kind: 'close' })
    this.abandon(new Error('the engine is closed'))
    await ended
  }

  settle(reply: Extract<EngineReply, { id: number }>): void {
    const waiting = this.waiting.get(reply.id)
    this.waiting.delete(reply.id)
    if (reply.kind === 'done') waiting?.resolve()
    else waiting?.reject(new Error(reply.message))
  }

  /** False where the engine had already ended. */
  abandon(error: Error): boolean {
    if (this.dead !== undefined) return false
    this.dead = error
    for (const { reject } of this.waiting.values()) reject(error)
    this.waiting.clear()
    return true
  }

  private ask(request: (id: number) => EngineRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.dead !== undefined) {
        reject(this.dead)
        return
      }
      const id = this.nextId++
      this.waiting.set(id, { resolve, reject })
      this.send(request(id))
    })
  }

  private send(request: EngineRequest): void {
    this.worker.postMessage(request)
  }
}
