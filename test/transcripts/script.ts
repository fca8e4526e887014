// A small cluster in virtual time that writes down what its nodes say to one another and decide. The same
// script gives the same text in every run; what is hidden in it is what repeats at any time: greetings that
// are not about the matter, rumours, digests.

import type { Body, Envelope } from '../../src/core/protocol.ts'
import { LeaseMap } from '../../src/core/lease/lease-map.ts'
import type { Run } from '../../src/core/lease/register.ts'
import type { SimDisk } from '../../scripts/sim/sim-disk.ts'
import { Stage, type StageOptions } from '../../scripts/sim/stage.ts'
import type { SimNode } from '../../scripts/sim/sim-node.ts'
import { decisionsOf, type NameOf, wordsOf } from './wording.ts'

const usuallyHidden: readonly Body['type'][] = ['Hello', 'Welcome', 'Greeted', 'Digest', 'Rumour']

/** Lines of a world's trace that belong into a transcript. */
const told = /^n\d+ (ADD|DEL|answers \S+: (?!address)|ends:|starts|dies|warn:|error:)/

export interface ScriptOptions extends StageOptions {
  /** Also of these, which are usually left out. */
  readonly shown?: readonly Body['type'][]
}

export class Script {
  readonly stage: Stage
  readonly #lines: string[] = []
  readonly #hidden: ReadonlySet<Body['type']>
  #isSilent = false
  #loses: (from: number, to: number | undefined, body: Body) => boolean = () => false

  constructor({ shown = [], ...options }: ScriptOptions) {
    this.stage = new Stage({ seed: 20, ...options })
    this.#hidden = new Set(usuallyHidden.filter(type => !shown.includes(type)))
    const { world } = this.stage
    this.#listen()
    const note = world.note.bind(world)
    world.note = line => {
      note(line)
      if (told.test(line)) this.#write(plain(line))
    }
    for (const node of world.nodes) this.#watch(node)
  }

  /** The stage keeps messages back in ways of its own while it forms. */
  #listen(): void {
    this.stage.world.net.holds = (from, to, envelope) => this.#onSent(from, to, envelope)
  }

  get text(): string {
    return `${this.#lines.join('\n')}\n`
  }

  /** A line between what happens. */
  say(text: string): void {
    this.#lines.push(...(this.#lines.length > 0 ? [''] : []), `# ${text}`)
  }

  /** Everybody is a member, and after a while has some addresses; nobody is told how that came. */
  async formed(ms = 8_000): Promise<void> {
    this.#isSilent = true
    await this.stage.form()
    this.#listen()
    await this.stage.pass(ms)
    this.#isSilent = false
  }

  /** Let something happen that the transcript leaves out. */
  async silently(act: () => Promise<void>): Promise<void> {
    this.#isSilent = true
    await act()
    this.#isSilent = false
  }

  /** What fits gets lost from now on. */
  lose(fits: (from: number, to: number | undefined, body: Body) => boolean = () => false): void {
    this.#loses = fits
  }

  #watch(node: SimNode): void {
    const { disk } = node
    const commit = disk.commit.bind(disk)
    disk.commit = changes => {
      const before = LeaseMap.of(runsOn(disk))
      commit(changes)
      for (const decision of decisionsOf(changes, before, this.#nameOf)) {
        this.#write(`${node.name} commits ${decision}`)
      }
    }
  }

  #onSent(from: number, to: number | undefined, { body }: Envelope): boolean {
    const { cuts } = this.stage.world.net
    const isCut = to !== undefined && !cuts.isOpen(from, to)
    const isLost = this.#loses(from, to, body)
    if (!this.#hidden.has(body.type)) {
      const fate = isLost ? ' (lost)' : isCut ? ' (cut)' : to === undefined ? ' (nobody there)' : ''
      const receiver = to === undefined ? '?' : `n${to}`
      this.#write(`n${from} -> ${receiver} ${wordsOf(body, this.#nameOf)}${fate}`)
    }
    if (isLost) queueMicrotask(() => this.stage.lose())
    return isLost
  }

  #write(line: string): void {
    if (!this.#isSilent) this.#lines.push(line)
  }

  readonly #nameOf: NameOf = member => {
    const { members } = this.stage.world.registry.view
    const found = members.get(member)
    if (found === undefined) return `member ${member}`
    // A machine that goes on as another incarnation keeps its name.
    const lives = [...members.values()].filter(({ node }) => node === found.node)
    return lives.length < 2 ? found.node : `${found.node}${'ab'.at(lives.indexOf(found)) ?? ''}`
  }
}

function runsOn({ store }: SimDisk): readonly Run[] {
  return [...store.load().leases.domains.values()].flatMap(({ runs }) => runs)
}

/** Without the fields of a log line: times and chance are in them. */
function plain(line: string): string {
  return line.replace(/ \{.*\}$/, '').replace(/ as [0-9a-f]{4}$/, '')
}
