import fc from 'fast-check'
import { seed } from './run-options.js'

fc.configureGlobal({ seed })

/** Property-based tests that draw the same examples in every short run; a failure names the seed of a long one. */
export default fc
