import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STYLE } from '../../../../src/cli/backtest/html/style.js'
import { CELLS } from '../../../../src/core/network-spec.js'

/** Linear RGB as it is seen: dichromacy as simulated by Machado, Oliveira and Fernandes (2009), severity 1. */
const VISIONS: Readonly<Record<string, readonly (readonly number[])[]>> = {
  trichromacy: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
}

const times = (matrix: readonly (readonly number[])[], vector: readonly number[]): number[] =>
  matrix.map((row) => row.reduce((sum, factor, i) => sum + factor * vector[i]!, 0))

/** sRGB to linear RGB. */
function linear(hex: string): number[] {
  return [1, 3, 5].map((at) => {
    const channel = parseInt(hex.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
}

/** Linear RGB to OKLab (Ottosson 2020), in which distances are those that are seen. */
function perceived(rgb: readonly number[]): number[] {
  const cones = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    rgb,
  )
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    cones.map(Math.cbrt),
  )
}

for (const [theme, at] of [
  ['light', 1],
  ['dark', 2],
] as const) {
  test(`${theme}: no two models have colours that some kind of colour blindness takes for one`, () => {
    const colours = [...CELLS, 'baseline'].map((name) => {
      const found = new RegExp(`--${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(STYLE)
      return { name, colour: found![at]! }
    })
    for (const [vision, matrix] of Object.entries(VISIONS)) {
      const seen = colours.map(({ name, colour }) => ({
        name,
        place: perceived(times(matrix, linear(colour)).map((part) => Math.min(1, Math.max(0, part)))),
      }))
      for (const [i, one] of seen.entries()) {
        for (const other of seen.slice(i + 1)) {
          const distance = Math.hypot(...one.place.map((part, k) => part - other.place[k]!))
          assert.ok(distance >= 0.08, `${vision}: ${one.name} and ${other.name}, ${distance.toFixed(3)}`)
        }
      }
    }
  })
}
