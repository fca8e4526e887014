import t from 'tap'
import { RemoteRegistry } from '../../src/registry/remote-registry.ts'
import { type Answer, decodeQuestion, encodeAnswer } from '../../src/registry/registry-wire.ts'

const slice: Answer = { type: 'Slice', head: 0, hash: '0'.repeat(64), records: [] }

type Behaviour = Answer | 'Away' | 'Garbage'

/** A mesh of peers that always answer the same; who is not in it is away. */
class FakeMesh {
  readonly peers = new Map<string, Behaviour>()
  asked: string[] = []

  remote(candidates: readonly string[]): RemoteRegistry {
    const ask = async (peer: string, question: Uint8Array): Promise<Uint8Array> => {
      decodeQuestion(question)
      this.asked.push(peer)
      const answer = this.peers.get(peer) ?? 'Away'
      if (answer === 'Away') throw new Error('no route')
      return answer === 'Garbage' ? new Uint8Array([0xc1]) : encodeAnswer(answer)
    }
    return new RemoteRegistry({ ask, candidates: () => candidates, learn: () => {} })
  }

  /** Who was asked since the last call. */
  take(): string[] {
    return this.asked.splice(0)
  }
}

function redirect(registrar?: string): Answer {
  return registrar === undefined
    ? { type: 'Redirect', head: 0 }
    : { type: 'Redirect', head: 0, registrar }
}

t.test('the registrar is found by redirect and remembered', async t => {
  const mesh = new FakeMesh()
  mesh.peers.set('a', redirect('r')).set('r', slice)
  const remote = mesh.remote(['a', 'b'])
  t.equal(remote.registrar, undefined)
  t.same(await remote.read(1), { head: 0, hash: '0'.repeat(64), records: [] })
  t.same(mesh.take(), ['a', 'r'])
  t.equal(remote.registrar, 'r')
  await remote.read(1)
  t.same(mesh.take(), ['r'])
})

t.test('who is away, does not know or answers nonsense is passed over', async t => {
  const mesh = new FakeMesh()
  mesh.peers.set('b', redirect()).set('c', 'Garbage').set('d', { type: 'Conflict' }).set('e', slice)
  const remote = mesh.remote(['a', 'b', 'c', 'd', 'e'])
  await remote.read(1)
  t.same(mesh.take(), ['a', 'b', 'c', 'd', 'e'], 'a Conflict is no answer to a reading')
  t.equal(remote.registrar, 'e')
})

t.test('outcomes of an append come back as they are', async t => {
  const mesh = new FakeMesh()
  const remote = mesh.remote(['r'])
  const answers: Answer[] = [
    { type: 'Appended' },
    { type: 'Conflict' },
    { type: 'Refused', why: 'because' }
  ]
  for (const answer of answers) {
    mesh.peers.set('r', answer)
    t.same(await remote.append(1, new Uint8Array([1])), answer)
  }
})

t.test('another registrar is found when the one that was known has moved', async t => {
  const mesh = new FakeMesh()
  mesh.peers.set('r', slice)
  const remote = mesh.remote(['r', 'a'])
  await remote.read(1)
  mesh.peers.set('r', 'Away').set('a', redirect('s')).set('s', slice)
  mesh.take()
  await remote.read(1)
  t.same(mesh.take(), ['r', 'a', 's'])
  t.equal(remote.registrar, 's')
  mesh.peers.set('s', redirect('a')).set('a', slice)
  await remote.read(1)
  t.same([mesh.take(), remote.registrar], [['s', 'a'], 'a'])
})

t.test('redirects in a circle end, and the error names everybody', async t => {
  const mesh = new FakeMesh()
  mesh.peers.set('a', redirect('b')).set('b', redirect('a'))
  const remote = mesh.remote(['a', 'b', 'c'])
  await t.rejects(remote.read(1), {
    code: 'ERR_REGISTRY_UNREACHABLE',
    message: /a: is not the registrar; b: is not the registrar; c: no route/
  })
  t.same(mesh.take(), ['a', 'b', 'c'])
  t.equal(remote.registrar, undefined)
  await t.rejects(mesh.remote([]).read(1), { message: /no peer is known/ })
})

t.test('a call asks few peers, and the next call others', async t => {
  const mesh = new FakeMesh()
  const many = Array.from({ length: 15 }, (_, i) => `p${i}`)
  const remote = mesh.remote(many)
  const asked: string[][] = []
  for (let call = 0; call < 3; call += 1) {
    await t.rejects(remote.read(1))
    asked.push(mesh.take())
  }
  t.same(
    asked.map(({ length }) => length),
    [6, 6, 6]
  )
  t.equal(new Set(asked.flat()).size, 15, 'everybody has been asked')
})

t.test('a peer that forgets its role is not remembered', async t => {
  const mesh = new FakeMesh()
  mesh.peers.set('r', slice)
  const remote = mesh.remote(['r'])
  await remote.read(1)
  mesh.peers.set('r', redirect())
  await t.rejects(remote.read(1))
  t.equal(remote.registrar, undefined)
})
