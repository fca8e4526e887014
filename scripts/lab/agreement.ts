// When several nodes are at one: all serve, and all say the same of every address and of who belongs to them.

import type { Admin, Domain } from './admin.ts'
import { fingerprint } from './blocks.ts'
import { eventually } from './command.ts'

export async function agreement(
  admins: readonly Admin[],
  withinMs = 30_000
): Promise<readonly Domain[]> {
  const look = async (): Promise<readonly Domain[] | undefined> => {
    const views = await Promise.all(admins.map(admin => admin.domains()))
    const hashes = await Promise.all(admins.map(admin => admin.registryHash()))
    const peers = await Promise.all(admins.map(admin => admin.peers()))
    const isSame = new Set(views.map(fingerprint)).size === 1 && new Set(hashes).size === 1
    const isQuiet = views.flat().every(({ serving, openGrants }) => serving && openGrants === 0)
    const isComplete = peers.every(({ length }) => length === admins.length - 1)
    const [first = []] = views
    return isSame && isQuiet && isComplete && first.length > 0 ? first : undefined
  }
  return eventually('all nodes agree', look, { withinMs, everyMs: 50 })
}
