import t from 'tap'
import { StoreFailedError } from '../../src/core/errors.ts'
import { Registrar } from '../../src/registry/registrar.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { firstRecord } from '../contracts/registry.contract.ts'
import { bytesOf, join } from '../core/registry/records.ts'

class FailingStore extends MemoryStore {
  isBroken = false

  override commit(changes: Parameters<MemoryStore['commit']>[0]): void {
    if (this.isBroken) throw new StoreFailedError('the disk is gone')
    super.commit(changes)
  }
}

t.test('a record that could not be stored is not in the log', async t => {
  const store = new FailingStore()
  const registrar = new Registrar(store)
  await registrar.append(1, firstRecord)
  store.isBroken = true
  await t.rejects(registrar.append(2, bytesOf(join(1))), { code: 'ERR_STORE_FAILED' })
  t.equal((await registrar.read(1)).head, 1)
  t.equal(registrar.view.index, 1)
  store.isBroken = false
  t.same(await registrar.append(2, bytesOf(join(2))), { type: 'Appended' })
  t.same([...new Registrar(store).view.byPeer.keys()], ['peer-2'])
})

t.test('what is refused or late never reaches the store', async t => {
  const store = new MemoryStore()
  const registrar = new Registrar(store)
  await registrar.append(1, firstRecord)
  await registrar.append(1, firstRecord)
  await registrar.append(2, firstRecord)
  t.equal(store.load().leases.filed.length, 1)
})

t.test('records that no registrar wrote are damage', async t => {
  const store = new MemoryStore()
  store.commit([
    { type: 'FileRecord', index: 1, record: firstRecord },
    { type: 'FileRecord', index: 2, record: firstRecord }
  ])
  t.throws(() => new Registrar(store), {
    code: 'ERR_STORE_CORRUPT',
    message: /record 2 of the registry does not fit those before: this is cluster c+ already/
  })
})
