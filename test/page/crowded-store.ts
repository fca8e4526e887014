// The disk of a node that has had many pods for a while: written with the store itself, since starting them one by one
// takes longer than a test may.

import { mkdirSync } from 'node:fs'
import type { Address } from '../../src/core/address.ts'
import type { Attachment } from '../../src/core/attachment.ts'
import type { Sandbox } from '../../src/core/sandbox.ts'
import { readBootId } from '../../src/host/boot-id.ts'
import { openStore } from '../../src/store/open-store.ts'

const changesAtOnce = 2_000

/** One pod for each of these addresses. */
export function crowd(
  stateDir: string,
  pool: string,
  prefix: number,
  addresses: readonly Address[]
): void {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 })
  const boot = readBootId('/proc/sys/kernel/random/boot_id')
  const store = openStore(stateDir, { boot })
  try {
    for (let at = 0; at < addresses.length; at += changesAtOnce) {
      const part = addresses.slice(at, at + changesAtOnce)
      store.commit(
        part.map((address, i) => ({
          type: 'Attach' as const,
          attachment: attachmentOf(address, at + i, { pool, prefix, boot })
        }))
      )
    }
  } finally {
    store.close()
  }
}

function attachmentOf(
  address: Address,
  number: number,
  { pool, prefix, boot }: { pool: string; prefix: number; boot: string }
): Attachment {
  const path = `/run/netns/crowd-${number}`
  const sandbox: Sandbox = {
    path,
    began: { boot, ns: 1n },
    namespace: `4:${number + 1}`,
    witness: { path: '/run/netns', id: '1:1' }
  }
  return {
    key: { network: 'underlay', containerId: `crowd${number}`, ifname: 'eth0' },
    pod: { namespace: 'crowd', name: `pod-${number}` },
    sandbox,
    assignments: [{ address, prefix, pool, routes: [] }],
    demand: pool,
    createdAtMs: 0
  }
}
