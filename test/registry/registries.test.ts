// One contract for all: in memory, at the registrar over both stores, and asked by another node.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as pathOf } from 'node:path'
import t from 'tap'
import type { AttachmentStore } from '../../src/ports/attachment-store.ts'
import type { Registry } from '../../src/ports/registry.ts'
import { MemoryRegistry } from '../../src/registry/memory-registry.ts'
import { Registrar } from '../../src/registry/registrar.ts'
import { RegistryService } from '../../src/registry/registry-service.ts'
import { RemoteRegistry } from '../../src/registry/remote-registry.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { openStore } from '../../src/store/open-store.ts'
import { firstRecord, registryContract } from '../contracts/registry.contract.ts'

async function foundedBy<R extends Registry>(registry: R): Promise<R> {
  await registry.append(1, firstRecord)
  return registry
}

t.test('in memory', async t => {
  registryContract(t, {
    empty: () => new MemoryRegistry(),
    founded: () => foundedBy(new MemoryRegistry()),
    reopen: registry => registry
  })
})

t.test('the registrar over a store in memory', async t => {
  const stores = new Map<Registry, AttachmentStore>()
  const over = (store: AttachmentStore) => {
    const registrar = new Registrar(store)
    stores.set(registrar, store)
    return registrar
  }
  registryContract(t, {
    empty: () => over(new MemoryStore()),
    founded: () => foundedBy(over(new MemoryStore())),
    reopen: registry => over(stores.get(registry) ?? new MemoryStore())
  })
})

t.test('the registrar over SQLite', async t => {
  const opened = new Map<Registry, { store: AttachmentStore; directory: string }>()
  const over = (directory: string) => {
    const store = openStore(directory)
    const registrar = new Registrar(store)
    opened.set(registrar, { store, directory })
    return registrar
  }
  const inNewDirectory = () => {
    const directory = mkdtempSync(pathOf(tmpdir(), 'orbweaver-registrar-'))
    t.teardown(() => rmSync(directory, { recursive: true, force: true }))
    return over(directory)
  }
  registryContract(t, {
    empty: inNewDirectory,
    founded: () => foundedBy(inNewDirectory()),
    reopen: registry => {
      const { store, directory } = opened.get(registry) ?? { directory: '' }
      store?.close()
      return over(directory)
    }
  })
})

t.test('asked by another node', async t => {
  const registrars = new Map<Registry, Registrar>()
  const asking = (registrar: Registrar) => {
    const service = new RegistryService({
      registrar,
      believed: () => undefined,
      head: () => 0,
      node: 'node-1',
      clock: new ManualClock()
    })
    const remote = new RemoteRegistry({
      ask: (_, question) => service.answer('peer-1', question),
      candidates: () => ['peer-0'],
      learn: () => {}
    })
    registrars.set(remote, registrar)
    return remote
  }
  registryContract(t, {
    empty: () => asking(new Registrar(new MemoryStore())),
    founded: async () => asking(await foundedBy(new Registrar(new MemoryStore()))),
    reopen: registry => asking(registrars.get(registry) ?? new Registrar(new MemoryStore()))
  })
})
