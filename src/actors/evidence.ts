// What others say of this node's own addresses. A register that only this node could have written, and that it
// does not remember, proves that its database comes from the past: it stops. What nobody could have written
// is a forgery or a mistake of the sender, and proves nothing about this node. A count without a register, or a
// register under a count that this node has used for something else, is between the two: a reason to ask everybody.

import type { Verdict } from '../core/lease/guards.ts'
import { keyOf, type MemberIndex, type Register, type Run } from '../core/lease/register.ts'
import { formatRange } from '../core/address-range.ts'
import type { Desk } from './desk.ts'

/** How often one member's word alone can make this node stop and ask. */
const suspicionMs = 60_000
/** What is believed of counts that nothing shows: more than a node writes in months, less than uses them up. */
const countStepMax = 2 ** 20

export class Evidence {
  readonly #desk: Desk
  /** When a member's word was looked into last. */
  readonly #suspected = new Map<MemberIndex, number>()

  constructor(desk: Desk) {
    this.#desk = desk
  }

  weigh({ accepted, forgotten, contests, refused }: Verdict, from: MemberIndex): void {
    const desk = this.#desk
    for (const { register } of accepted) {
      const { writer, wctr } = register
      if (writer === desk.custody.me) this.#weighCount(wctr, from)
    }
    for (const { address, claims } of contests.slice(0, 1)) {
      if (desk.custody.isContested(address)) continue
      desk.log.error(
        { domain: desk.domain, claims: claims.map(describe), count: contests.length, from },
        'addresses are contested: two nodes have them under one key; nobody may use them until a person resolves it'
      )
    }
    for (const run of refused.slice(0, 1)) {
      const register = describe(run.register)
      desk.log.warn(
        { from, register },
        'registers that the registry does not explain were not taken: of unknown members, of records that are not there, of other addresses'
      )
    }
    if (!desk.rules.forgotten) return
    for (const run of forgotten) {
      const what = `${formatRange(run)} ${describe(run.register)}`
      if (!this.#isForged(run)) {
        return desk.end(`others remember what this node's database does not: ${what}`)
      }
      desk.log.error({ from, what }, 'a forged register was not taken')
      // Or this node fell back and has written as often again: then others have it as well.
      if (run.register.writer === desk.custody.me) this.#askAll(from, what)
    }
  }

  /** A register shows a count of this node's own writes. */
  #weighCount(wctr: number, from: MemberIndex): void {
    const desk = this.#desk
    const own = this.#own
    if (!desk.rules.forgotten || wctr <= own) return
    const known = desk.custody.view.members.get(from)?.node ?? String(from)
    desk.end(`this node's database is older than what ${known} remembers: count ${own} < ${wctr}`)
  }

  /**
   * Somebody says in passing that this node has written more than it knows. Nothing is served until all were
   * asked, since it may be so; and it does not end because of it, since one member may be mistaken.
   */
  suspect(wctr: number, from: MemberIndex): void {
    const { custody, rules } = this.#desk
    if (!rules.forgotten || custody.me === undefined || wctr <= this.#own) return
    this.#askAll(from, `count ${this.#own} < ${wctr}`)
  }

  #askAll(from: MemberIndex, what: string): void {
    const desk = this.#desk
    const { custody, neighbours } = desk
    const me = custody.me
    if (me === undefined || desk.isUnconfirmed) return
    const now = desk.now()
    if (now - (this.#suspected.get(from) ?? -suspicionMs) < suspicionMs) return
    this.#suspected.set(from, now)
    desk.log.warn(
      { domain: desk.domain, from, what },
      'a member says that this node has written what it does not remember; all are asked'
    )
    desk.isUnconfirmed = true
    desk.notServing = 'this node asks the others whether it has forgotten something'
    const runs = custody.map.runsOf(me)
    desk.noteAsking()
    neighbours.inquest.insist({
      type: 'AskWhetherForgotten',
      wctr: this.#own,
      runs,
      isSuspicion: true
    })
  }

  /** Nobody shows that anything is lost, but the counts up to here may have been used. */
  skipTo(wctr: number): void {
    const { custody } = this.#desk
    const { me } = custody
    if (me === undefined || wctr <= this.#own || wctr > this.#own + countStepMax) return
    this.#desk.commit(custody.planMerge({ accepted: [], contests: [] }, [[me, wctr]]))
  }

  get #own(): number {
    const { me, marks } = this.#desk.custody
    return me === undefined ? 0 : (marks.get(me) ?? 0)
  }

  #isForged({ start, register }: Run): boolean {
    const { custody } = this.#desk
    const { me } = custody
    if (me === undefined) return true
    if (register.writer === me) return register.wctr <= (custody.marks.get(me) ?? 0)
    const held = custody.map.at(start)
    // The next key of an address is its owner's to write.
    return held?.owner === me && held.fence === register.fence && register.seq === held.seq + 1
  }
}

function describe(register: Register): string {
  return `key ${keyOf(register)} owner ${register.owner} writer ${register.writer}.${register.wctr}`
}
