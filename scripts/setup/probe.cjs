// Loads a tfjs-node package in a process of its own and prints its TensorFlow version: a binding that compiles may still
// fail to load (an older C library, a missing libstdc++), and a crash must not take set-up along.
const util = require('node:util')

// Node 23 removed these two, and tfjs-node calls them.
util.isNullOrUndefined ??= (value) => value === null || value === undefined
util.isArray ??= Array.isArray

const tf = require(process.argv[2])
const sum = tf
  .matMul(tf.ones([2, 2]), tf.ones([2, 2]))
  .sum()
  .arraySync()
if (sum !== 8) throw new Error(`2×2 product is wrong: ${sum}`)
console.log(JSON.stringify({ version: tf.backend().binding.TF_Version, gpu: tf.backend().isUsingGpuDevice }))
