import type { DataId, NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core'
import type { Tfjs } from './backend.js'

/** What a kernel uses of its backend. */
interface Store {
  readSync(id: DataId): Float32Array | Int32Array
  write(values: Float32Array, shape: number[], dtype: 'float32'): DataId
}

/** The wasm backend lacks the gradient of `gather`: rows of x added up by their segment. Training needs it. */
export function registerSegmentSum(tf: Tfjs): void {
  tf.registerKernel({
    kernelName: 'UnsortedSegmentSum',
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs, backend }): TensorInfo => {
      const { x, segmentIds } = inputs as Required<NamedTensorInfoMap>
      const segments = (attrs as NamedAttrMap)['numSegments'] as number
      const store = backend as unknown as Store
      const values = store.readSync(x!.dataId)
      const ids = store.readSync(segmentIds!.dataId)
      const shape = [segments, ...x!.shape.slice(1)]
      const width = shape.slice(1).reduce((product, size) => product * size, 1)
      const sums = new Float32Array(segments * width)
      for (let row = 0; row < ids.length; row++) {
        const to = ids[row]! * width
        for (let i = 0; i < width; i++) sums[to + i]! += values[row * width + i]!
      }
      return { dataId: store.write(sums, shape, 'float32'), shape, dtype: 'float32' }
    },
  })
}
