// A host on a link that does what a test tells it, frame by frame: kernels answer correctly, and at once. Its
// socket lives in a namespace of the test, and this thread only visits.

import { closeSync } from 'node:fs'
import type { Mac } from '../../src/core/link/mac.ts'
import { readInterface } from '../../src/link/interface.ts'
import { openHome, visit } from '../../src/kernel/namespace.ts'
import {
  listenOn,
  openPacketSocket,
  receiveFrame,
  sendFrame
} from '../../src/link/packet-socket.ts'

/** BPF: whatever comes. */
const everything = Buffer.from([6, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])
const lookMs = 1

export class LinkStation implements Disposable {
  readonly mac: Mac
  readonly heard: Uint8Array[] = []
  readonly #fd: number
  readonly #timer: NodeJS.Timeout

  /** `answer` gives what to send upon a frame. */
  constructor(
    netns: string,
    link: string,
    answer: (frame: Uint8Array, station: LinkStation) => readonly Uint8Array[] = () => []
  ) {
    const home = openHome()
    this.#fd = visit(netns, home, openPacketSocket)
    closeSync(home)
    const found = readInterface(this.#fd, link)
    if (found === undefined) throw new Error(`there is no ${link} in ${netns}`)
    this.mac = found.mac
    listenOn(this.#fd, found.index, everything)
    this.#timer = setInterval(() => {
      for (let frame = this.#next(); frame !== undefined; frame = this.#next()) {
        this.heard.push(frame)
        for (const said of answer(frame, this)) sendFrame(this.#fd, said)
      }
    }, lookMs)
  }

  send(frame: Uint8Array): void {
    sendFrame(this.#fd, frame)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    closeSync(this.#fd)
  }

  #next(): Uint8Array | undefined {
    const frame = receiveFrame(this.#fd)
    return frame && Uint8Array.from(frame)
  }
}
