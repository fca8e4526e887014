// Actors as the shell writes them.

import type { ActorsView, ActorTree, ActorView } from '../../admin/actors.ts'
import { none } from '../table.ts'

export const actorHead = [
  'ACTOR',
  'MAILBOX',
  'HANDLED',
  'BUSY',
  'SLOWEST',
  'LAST',
  'RESTARTS',
  'LAST ERROR'
]

/** Each below the one that it belongs to; the whole path, since that is what other commands take. */
export function actorRows({ guardian }: ActorsView): string[][] {
  const { restarts, children } = guardian
  return [['guardian', '', '', '', '', '', String(restarts), ''], ...branches(children, '')]
}

function branches(trees: readonly ActorTree[], indent: string): string[][] {
  return trees.flatMap((tree, i) => {
    const isLast = i === trees.length - 1
    const [head = '', ...cells] = row(tree)
    return [
      [`${indent}${isLast ? '└─' : '├─'} ${head}`, ...cells],
      ...branches(tree.children, `${indent}${isLast ? '   ' : '│  '}`)
    ]
  })
}

function row(view: ActorView): string[] {
  const { path, waiting, mailboxLimit, handled, busyMs, slowestMs } = view
  const { lastType, restarts, lastError, refused } = view
  const full = refused === 0 ? '' : ` (${refused} refused)`
  return [
    ...[path, `${waiting}/${mailboxLimit}${full}`, String(handled), timeText(busyMs)],
    ...[timeText(slowestMs), lastType ?? none, String(restarts)],
    lastError === undefined ? none : `${lastError.at}: ${lastError.message}`
  ]
}

export function timeText(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)}s`
  return ms >= 1 ? `${ms.toFixed(1)}ms` : `${Math.round(ms * 1_000)}us`
}

export async function inspectText({
  state,
  ...vitals
}: ActorView & { readonly state: unknown }): Promise<string> {
  const { stringify } = await import('yaml')
  const { path, waiting, mailboxLimit, handled, lastType, busyMs } = vitals
  const head = {
    path,
    mailbox: `${waiting}/${mailboxLimit}`,
    handled,
    lastType,
    busy: timeText(busyMs)
  }
  return stringify({ ...head, state })
}
