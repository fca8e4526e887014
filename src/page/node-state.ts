// What the node last said of itself, as signals: whoever reads one in a component is drawn anew when it changes.

import { computed, type Signal, signal } from '@preact/signals'
import { type ActorTree, type Answers, get, type PeersView, type StatusView } from './answers.ts'

/** What no event tells of is asked for this often. */
const pollMs = 2_000

export const status = signal<StatusView | undefined>(undefined)
export const peers = signal<PeersView | undefined>(undefined)
export const subnets = signal<readonly string[]>([])
export const actors = signal<readonly ActorTree[]>([])
export const restarts = signal(0)
/** How many messages each actor has handled a second lately, by its path. */
export const rates = signal<ReadonlyMap<string, number>>(new Map())
/** The last answer came in time. */
export const isAnswering = signal(true)

/** All nodes but this one, in the order that their colours follow. */
export const others = computed(() =>
  (peers.value?.peers ?? []).map(({ node }) => node).sort((a, b) => a.localeCompare(b, 'en'))
)

let handledBefore = new Map<string, number>()
let countedAtMs = 0

/** Ask now and again from now on. */
export function watchNode(): void {
  const round = async () => {
    if (!document.hidden) await askAll()
    setTimeout(() => void round(), pollMs)
  }
  void round()
}

/** Something has happened of which more than one answer tells. */
export async function askAll(): Promise<void> {
  const answered = await Promise.all([
    ask('/v1/status', status),
    ask('/v1/peers', peers),
    askSubnets(),
    askActors()
  ])
  isAnswering.value = answered[0]
}

async function ask<Path extends keyof Answers>(
  path: Path,
  into: Signal<Answers[Path] | undefined>
): Promise<boolean> {
  try {
    const answer = await get(path)
    if (JSON.stringify(answer) !== JSON.stringify(into.peek())) into.value = answer
    return true
  } catch {
    return false
  }
}

async function askSubnets(): Promise<boolean> {
  try {
    const { pools } = await get('/v1/pools')
    const found = [...new Set(pools.map(({ subnet }) => subnet))]
    if (found.join() !== subnets.peek().join()) subnets.value = found
    return true
  } catch {
    return false
  }
}

async function askActors(): Promise<boolean> {
  try {
    const { guardian } = await get('/v1/actors')
    const seconds = (performance.now() - countedAtMs) / 1_000
    const handled = new Map(flat(guardian.children).map(one => [one.path, one.handled]))
    rates.value = new Map(
      [...handled].map(([path, count]) => {
        const before = handledBefore.get(path) ?? count
        return [path, Math.max(0, count - before) / seconds]
      })
    )
    handledBefore = handled
    countedAtMs = performance.now()
    actors.value = guardian.children
    restarts.value = guardian.restarts
    return true
  } catch {
    return false
  }
}

function flat(trees: readonly ActorTree[]): ActorTree[] {
  return trees.flatMap(tree => [tree, ...flat(tree.children)])
}
