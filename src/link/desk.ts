// The jobs of the prober's thread and the one wait for all of them.

import { HomeLostError } from '../kernel/namespace.ts'
import { AnnounceJob, type Job, ProbeJob } from './jobs.ts'
import { isForLater, poll, succeed } from '../kernel/libc.ts'
import { notPossible } from './obstacle.ts'
import { openAskingLink, openPodLink } from './open-link.ts'
import { monotonicMs, type WorkerOrder, type WorkerWord } from './worker-messages.ts'

/** New orders wait for the end of this, and so does the end of the process. */
const waitMsMax = 5
/** What cannot be sent at the moment is tried again after this, and not at once. */
const waitMsMin = 1

/** bits/struct_pollfd.h: int fd, short events, short revents. */
const [pollfdBytes, eventsAt, reventsAt, pollIn] = [8, 4, 6, 1]

type Asked = Exclude<WorkerOrder, { type: 'Close' }>

export class Desk {
  readonly #home: number
  readonly #say: (word: WorkerWord) => void
  readonly #jobs = new Map<number, Job>()

  constructor(home: number, say: (word: WorkerWord) => void) {
    this.#home = home
    this.#say = say
  }

  get isBusy(): boolean {
    return this.#jobs.size > 0
  }

  /** Throws `HomeLostError`. */
  take(order: Asked): void {
    this.#attempt(order.id, () => {
      this.#jobs.set(order.id, this.#open(order))
      this.#step(order.id)
    })
  }

  /** Wait for the first that happens, at most `waitMsMax`, and see to it. */
  round(): void {
    const jobs = [...this.#jobs]
    const fds = Buffer.alloc(jobs.length * pollfdBytes)
    for (const [i, [, { fd }]] of jobs.entries()) {
      fds.writeInt32LE(fd, i * pollfdBytes)
      fds.writeInt16LE(pollIn, i * pollfdBytes + eventsAt)
    }
    const next = Math.min(...jobs.map(([, { nextMs }]) => nextMs))
    const waitMs = Math.ceil(Math.min(Math.max(next - monotonicMs(), waitMsMin), waitMsMax))
    const ready = poll(fds, jobs.length, waitMs)
    // A signal has come: time may have passed all the same.
    if (ready < 0 && !isForLater()) succeed('poll', ready)
    for (const [i, [id, { nextMs }]] of jobs.entries()) {
      const happened = ready > 0 && fds.readInt16LE(i * pollfdBytes + reventsAt) !== 0
      if (happened || nextMs <= monotonicMs()) this.#attempt(id, () => this.#step(id))
    }
  }

  #open(order: Asked): Job {
    const around = {
      home: this.#home,
      opened: (fd: number) => this.#say({ type: 'Opened', id: order.id, fd })
    }
    if (order.type === 'Announce') {
      return new AnnounceJob(openPodLink(order.place, around), order.addresses, order.deadlineMs)
    }
    return new ProbeJob(openAskingLink(order.question, around), order.question, order.deadlineMs)
  }

  #step(id: number): void {
    const answer = this.#jobs.get(id)?.step(monotonicMs())
    if (answer === undefined) return
    this.#jobs.delete(id)
    this.#say({ type: 'Answered', id, answer })
  }

  #attempt(id: number, act: () => void): void {
    try {
      act()
    } catch (error) {
      if (error instanceof HomeLostError) throw error
      this.#jobs.delete(id)
      this.#say({ type: 'Answered', id, answer: notPossible(error) })
    }
  }
}
