// What runs inside the page, as text: the tests are checked as programs of Node, which knows no document.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** What axe-core found, and where. */
export interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string }[]
}

/** Run in a page it leaves `axe` there. */
export const axe = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8'
)

/** The time from each frame to the next, for so many milliseconds. */
export const frameTimes = (ms: number) => `new Promise(resolve => {
  const gaps = []
  let last = performance.now()
  const end = last + ${ms}
  const tick = now => {
    gaps.push(now - last)
    last = now
    if (now < end) requestAnimationFrame(tick)
    else resolve(gaps.slice(1))
  }
  requestAnimationFrame(tick)
})`

/** How long each drawing of the map took, by the page's own marks. */
export const paintTimes = `performance.getEntriesByName('map').map(entry => entry.duration)`

/** All colours of the map's pixels. */
export const coloursDrawn = `(() => {
  const canvas = document.querySelector('.map-frame canvas')
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  return [...new Set(new Uint32Array(data.buffer))]
})()`
