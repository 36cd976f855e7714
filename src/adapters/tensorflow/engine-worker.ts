import { parentPort, workerData } from 'node:worker_threads'
import { outputsOf, stateSize } from '../../core/network-spec.js'
import { networkOf, type SteppingNetwork } from '../../model/stepping-network.js'
import type { StepBuffers, Wave } from '../../ports/engine.js'
import { loadBackend } from './backend.js'
import type { EngineReply, EngineRequest, EngineThreadOptions } from './protocol.js'

const port = parentPort
if (port === null) throw new Error('the engine runs in a worker thread only')
const reply = (message: EngineReply): void => {
  port.postMessage(message)
}

const options = workerData as EngineThreadOptions
const networks = new Map<number, SteppingNetwork>()
try {
  const { tf, info } = await loadBackend(options.backend, options.threads, {
    device: options.device ?? 'cpu',
    env: process.env,
  })
  const fused = info.name === 'tensorflow'
  port.on('message', (request: EngineRequest) => {
    switch (request.kind) {
      case 'load':
        answer(request.id, () => {
          if (request.weights.some((w) => !Number.isFinite(w))) throw new Error('a weight is not finite')
          networks.set(request.network, networkOf(tf, request.spec, request.weights, { fused }))
        })
        break
      case 'release':
        networks.get(request.network)?.dispose()
        networks.delete(request.network)
        break
      case 'step':
        answer(request.id, () => {
          const network = networks.get(request.network)
          if (network === undefined) throw new Error('this network is not loaded')
          for (const wave of request.waves) step(network, request.states, request.buffers, wave)
        })
        break
      case 'close':
        port.close()
        break
    }
  })
  reply({ kind: 'ready', backend: info })
} catch (error) {
  reply({ kind: 'unusable', message: error instanceof Error ? error.message : String(error) })
  port.close()
}

function answer(id: number, work: () => void): void {
  try {
    work()
    reply({ kind: 'done', id })
  } catch (error) {
    reply({ kind: 'failed', id, message: error instanceof Error ? error.message : String(error) })
  }
}

/** Gather the wave's states, one step, scatter them: only once all of it has succeeded. */
function step(network: SteppingNetwork, table: Float32Array, buffers: StepBuffers, wave: Wave): void {
  const { inputs: I, horizon: H, targetFeatures: F } = network.spec
  const S = stateSize(network.spec)
  const { start, rows, observed } = wave
  const end = start + rows
  const states = new Float32Array(rows * S)
  for (let i = 0; i < rows; i++) {
    if (buffers.fresh[start + i] === 1) continue
    const from = buffers.slots[start + i]! * S
    states.set(table.subarray(from, from + S), i * S)
  }
  const Q = outputsOf(network.spec)
  network.step(
    {
      rows,
      observed,
      inputs: buffers.inputs.subarray(start * I, end * I),
      embedding: buffers.embedding.subarray(start, end),
      states,
      features: buffers.features.subarray(start * H * F, (start + observed) * H * F),
      calendar: buffers.calendar.subarray(start * H, (start + observed) * H),
    },
    { states, forecasts: buffers.forecasts.subarray(start * H * Q, (start + observed) * H * Q) },
  )
  for (let i = 0; i < rows; i++) {
    table.set(states.subarray(i * S, (i + 1) * S), buffers.slots[start + i]! * S)
  }
}
