// What it costs pods when people look: sequential ADDs with a watch of events, the page and a trace open, against the
// same without. One daemon, and by turns, so that nothing else differs.

import { type ChildProcess, spawn } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { breathe } from './command.ts'
import { nextContainerId } from './container-ids.ts'
import { orbweaver, timePair } from './contestants.ts'
import { type Bar, type Figure, figure } from './figures.ts'
import type { Group } from './group.ts'
import { KeptConnection } from './kept-connection.ts'
import { netconf, residentMb, startNode, widePool } from './node-daemon.ts'
import { OutputPipe } from './output-pipe.ts'
import { median, percentile, shuffled } from './statistics.ts'

const ratioMax = 1.1
const warmUps = 2_000
/** Short, so that whatever else the machine does falls into both turns of a round. */
const turnSeconds = 1

/** One list of microseconds for each turn. */
interface Times {
  readonly executed: number[][]
  readonly inside: number[][]
}

export const watched: Group = async run => {
  await using daemon = await startNode(run.stage)
  using output = new OutputPipe()
  using kept = new KeptConnection(daemon.socket, run.stage.netns, netconf(daemon, widePool))
  const contestant = orbweaver({ stage: run.stage, output }, daemon, widePool)
  using onlookers = new Onlookers(daemon.adminSocket)
  for (let i = 0; i < warmUps; i++) kept.time('ADD', nextContainerId())
  await onlookers.open()
  await onlookers.close()
  const before = residentMb(daemon)
  const alone: Times = { executed: [], inside: [] }
  const seen: Times = { executed: [], inside: [] }
  const turn = async (times: Times) => {
    if (times === seen) await onlookers.open()
    const [executed, inside]: [number[], number[]] = [[], []]
    for (const end = performance.now() + turnSeconds * 1_000; performance.now() < end;) {
      executed.push(timePair(contestant, output).addUs)
      inside.push(kept.time('ADD', nextContainerId()))
    }
    times.executed.push(executed)
    times.inside.push(inside)
    await breathe()
    if (times === seen) await onlookers.close()
  }
  const rounds = run.quick ? 6 : 30
  for (let round = 0; round < rounds; round++) {
    for (const times of shuffled([alone, seen])) await turn(times)
  }
  run.note(`who looked read ${Math.round(onlookers.bytes / 1_000)} kB`)
  return [
    ...figuresOf('sequential ADD from exec to exit', alone.executed, seen.executed, {
      atMost: ratioMax
    }),
    ...figuresOf('sequential ADD inside the daemon', alone.inside, seen.inside),
    figure('resident memory of the daemon before people look', before, 'MB'),
    figure('resident memory of the daemon after', residentMb(daemon), 'MB')
  ]
}

function figuresOf(
  what: string,
  aloneTurns: number[][],
  seenTurns: number[][],
  bar?: Bar
): Figure[] {
  const [alone, seen] = [aloneTurns.flat(), seenTurns.flat()]
  // Of each round, since the machine is another one a minute later.
  const ratio = median(seenTurns.map((turn, i) => median(turn) / median(aloneTurns[i] ?? [])))
  return [
    figure(`${what} p50, nobody looks`, median(alone), 'µs'),
    figure(`${what} p50, people look`, median(seen), 'µs'),
    figure(`${what} p99, nobody looks`, percentile(alone, 0.99), 'µs'),
    figure(`${what} p99, people look`, percentile(seen, 0.99), 'µs'),
    figure(`${what} p50, with people to without`, ratio, 'ratio', bar)
  ]
}

class Onlookers {
  readonly #process: ChildProcess
  readonly #answers: AsyncIterator<string>
  bytes = 0

  constructor(adminSocket: string) {
    const script = join(import.meta.dirname, 'onlookers.ts')
    this.#process = spawn(process.execPath, [script, adminSocket], {
      stdio: ['pipe', 'pipe', 'inherit']
    })
    const { stdout, pid } = this.#process
    if (stdout === null || pid === undefined) throw new Error('a process with a pipe was asked for')
    // Browsers run elsewhere: what they themselves take of the processor is not the question.
    setPriority(pid, constants.priority.PRIORITY_LOW)
    this.#answers = createInterface({ input: stdout })[Symbol.asyncIterator]()
  }

  open(): Promise<void> {
    return this.#order('open')
  }

  close(): Promise<void> {
    return this.#order('close')
  }

  async #order(what: 'open' | 'close'): Promise<void> {
    this.#process.stdin?.write(`${what}\n`)
    const { value, done } = await this.#answers.next()
    if (done === true) throw new Error('who should look has ended')
    this.bytes = Number(value.split(' ')[1])
  }

  [Symbol.dispose](): void {
    this.#process.kill()
  }
}
