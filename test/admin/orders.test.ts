// What operators order, in a cluster of houses: each verb with what it does, and each refusal.

import t, { type Test } from 'tap'
import { formatAddress } from '../../src/core/address.ts'
import { ip, key, poolDocument } from '../support/samples.ts'
import { type ClusterNode, TestCluster } from '../support/test-cluster.ts'
import { type AdminSocket, type Answer, openAdmin } from './admin-socket.ts'

const pool = poolDocument('blue', '10.9.0.0/27', ['10.9.0.2-10.9.0.29'])

interface Block {
  readonly first: string
  readonly last: string
  readonly count: number
  readonly owner: string
  readonly heir?: string
  readonly mine: boolean
}

interface Shown {
  readonly serving: boolean
  readonly why?: string
  readonly blocks: readonly Block[]
  readonly contested: readonly { readonly address: string; readonly claims: readonly string[] }[]
  readonly waitsFor: readonly string[]
}

class Site {
  readonly cluster = new TestCluster([pool])
  readonly nodes: ClusterNode[] = []
  readonly #sockets = new Map<ClusterNode, AdminSocket>()
  readonly #t: Test

  constructor(t: Test) {
    this.#t = t
  }

  async start(...names: string[]): Promise<this> {
    for (const name of names) {
      const node = await this.cluster.start(name)
      this.nodes.push(node)
      const { clock } = this.cluster
      this.#sockets.set(node, await openAdmin(this.#t, node.house, { node: name, clock }))
    }
    const first = this.node(0)
    await this.cluster.until(async () => {
      const { body } = await this.ask(first, '/v1/peers')
      const peers = body['peers'] as { session: boolean }[]
      return peers.length === names.length - 1 && peers.every(({ session }) => session)
    })
    return this
  }

  node(i: number): ClusterNode {
    const node = this.nodes[i]
    if (node === undefined) throw new Error(`there is no node ${i}`)
    return node
  }

  ask(node: ClusterNode, path: string): Promise<Answer> {
    return this.cluster.while((this.#sockets.get(node) as AdminSocket).ask(path))
  }

  order(node: ClusterNode, path: string, body: object = {}): Promise<Answer> {
    return this.cluster.while((this.#sockets.get(node) as AdminSocket).ask(path, 'POST', body))
  }

  async shown(node: ClusterNode): Promise<Shown> {
    const { body } = await this.ask(node, '/v1/blocks')
    const [domain] = body['domains'] as Shown[]
    if (domain === undefined) throw new Error('no subnet is shown')
    return domain
  }

  async blockOf(node: ClusterNode, address: string): Promise<Block | undefined> {
    const at = ip(address)
    const { blocks } = await this.shown(node)
    return blocks.find(({ first, last }) => ip(first) <= at && at <= ip(last))
  }

  /** How many addresses `owner` has by the word of `node`. */
  async owned(node: ClusterNode, owner: ClusterNode): Promise<number> {
    const { blocks } = await this.shown(node)
    const own = blocks.filter(block => block.owner === owner.name)
    return own.reduce((sum, { count }) => sum + count, 0)
  }
}

async function addressOf(node: ClusterNode, containerId: string): Promise<string> {
  const [address = 0n] = (await node.add(key(containerId))) as bigint[]
  return formatAddress(address as ReturnType<typeof ip>)
}

t.test('transfer', async t => {
  const site = await new Site(t).start('n1', 'n2')
  const [n1, n2] = [site.node(0), site.node(1)]
  const bring = (address: string, to = n2) => site.order(to, '/v1/transfer', { address })
  const last = '10.9.0.31'
  t.match(await bring(last, n1), { status: 200, body: { outcome: 'here' } })
  t.match(await bring(last), {
    status: 200,
    body: { address: last, domain: '10.9.0.0/27', outcome: 'granted' }
  })
  t.match(await bring(last), { status: 200, body: { outcome: 'here' } })
  const block = { first: last, last, count: 1, owner: 'n2' }
  t.match((await site.shown(n2)).blocks.at(-1), { ...block, mine: true })
  await site.cluster.until(async () => (await site.owned(n1, n2)) > 0)
  t.match((await site.shown(n1)).blocks.at(-1), { ...block, mine: false })
  const used = await addressOf(n1, 'c1')
  t.match(await bring(used), {
    status: 409,
    body: {
      outcome: 'denied',
      ...{ reason: 'InUse', node: 'n1', holder: /c1/, error: /n1 does not give .* a pod uses it/ }
    }
  })
  t.match(await bring('192.0.2.1'), { status: 404, body: { error: /no subnet .* 192\.0\.2\.1/ } })
  t.match(await bring('fd00::1'), { status: 404, body: { error: /no subnet/ } })
  site.cluster.bus.cut(n1.peer)
  t.match(await bring('10.9.0.30'), {
    status: 503,
    body: { outcome: 'unanswered', node: 'n1', error: /10\.9\.0\.30 is held by n1, which does not/ }
  })
})

t.test('drain', async t => {
  const site = await new Site(t).start('n1', 'n2')
  const [n1, n2] = [site.node(0), site.node(1)]
  await addressOf(n1, 'c1')
  t.match(await site.order(n1, '/v1/drain'), {
    status: 200,
    body: { draining: true, reachable: 1, left: [{ domain: '10.9.0.0/27', owned: 32 }] }
  })
  t.match((await site.ask(n1, '/v1/status')).body, {
    draining: true,
    notServing: [{ domain: '10.9.0.0/27', why: /drained/ }]
  })
  t.equal((await site.ask(n2, '/v1/status')).body['draining'], false)
  t.equal(await n1.add(key('c2')), 'NotServing')
  await site.cluster.until(async () => (await site.owned(n2, n2)) > 20)
  const { body } = await site.order(n1, '/v1/drain')
  const [{ owned } = { owned: 0 }] = body['left'] as { owned: number }[]
  t.ok(owned < 12, 'asked again, it says how far it has come')
  t.ok(owned > 0, 'and the address of a pod stays')
  site.cluster.bus.cut(n2.peer)
  t.match((await site.order(n1, '/v1/drain')).body, { reachable: 0 })
  t.match(await site.order(n1, '/v1/undrain'), { status: 200, body: { draining: false } })
  t.equal((await site.ask(n1, '/v1/status')).body['draining'], false)
  t.same((await site.ask(n1, '/v1/status')).body['notServing'], [])
})

t.test('remove', async t => {
  const site = await new Site(t).start('n1', 'n2', 'n3')
  const [n1, n2, n3] = [site.node(0), site.node(1), site.node(2)]
  const remove = (body: object, by = n1) => site.order(by, '/v1/remove', body)
  const vouchedBy = 'eve'
  await site.order(n2, '/v1/transfer', { address: '10.9.0.30' })
  const head = site.cluster.registry.view.index

  t.match(await remove({ node: 'n2' }), {
    status: 400,
    body: { error: /^say who vouches that the machine is off/ }
  })
  t.match(await remove({ node: 'n9', vouchedBy }), {
    status: 404,
    body: { error: 'no member is called n9; members are n1, n2, n3' }
  })
  t.match(await remove({ node: 'n1', vouchedBy }), {
    status: 409,
    body: { error: /n1 cannot remove itself/ }
  })
  t.match(
    await remove({ node: 'n2', vouchedBy }),
    { status: 409, body: { error: /n2 is not off: it is connected/ } },
    'whoever vouches is mistaken'
  )
  site.cluster.bus.cut(n2.peer)
  t.match(await remove({ node: 'n2', vouchedBy, heir: 'n9' }), { status: 404 })
  t.match(await remove({ node: 'n2', vouchedBy, heir: 'n2' }), {
    status: 409,
    body: { error: /cannot inherit from itself/ }
  })
  t.equal(site.cluster.registry.view.index, head, 'nothing was recorded')

  t.match(await remove({ node: 'n2', vouchedBy, heir: 'n3' }), {
    status: 200,
    body: {
      removed: { node: 'n2', incarnation: n2.incarnation, index: 2 },
      ...{ heir: 'n3', record: head + 1 }
    }
  })
  t.match((await site.ask(n1, '/v1/registry')).body['records'], {
    [head]: {
      ...{ type: 'Remove', incarnation: n2.incarnation, heir: n3.incarnation },
      ...{ assertion: 'OPERATOR', evidence: 'vouched by eve: machine is off', author: 'n1' }
    }
  })
  t.match(await remove({ node: 'n2', vouchedBy }), {
    status: 409,
    body: { error: `n2 was removed by record ${head + 1} already` }
  })
  t.match(await remove({ node: 'n3', vouchedBy, heir: 'n2' }), { status: 409 })
  await site.cluster.until(async () => (await site.blockOf(n3, '10.9.0.30'))?.mine === true)
  t.equal(await site.owned(n3, n2), 0, 'the heir has what the removed node had')
})

t.test('an heir that waits for a silent member says so', async t => {
  const site = await new Site(t).start('n1', 'n2', 'n3')
  const [n1, n2, n3] = [site.node(0), site.node(1), site.node(2)]
  await site.order(n2, '/v1/transfer', { address: '10.9.0.30' })
  site.cluster.bus.cut(n2.peer)
  site.cluster.bus.cut(n3.peer)
  t.match(await site.order(n1, '/v1/remove', { node: n2.incarnation, vouchedBy: 'eve' }), {
    status: 200,
    body: { heir: 'n1' }
  })
  await site.cluster.until(async () => (await site.shown(n1)).waitsFor.length > 0)
  t.same((await site.shown(n1)).waitsFor, ['n3'])
  const taken = { owner: 'n2', heir: 'n1', mine: false }
  t.match(await site.blockOf(n1, '10.9.0.30'), taken)
  site.cluster.bus.mend(n3.peer)
  await site.cluster.until(async () => (await site.owned(n1, n2)) === 0)
  t.same((await site.shown(n1)).waitsFor, [])
})

t.test('two members of one name', async t => {
  const site = await new Site(t).start('n1', 'twin', 'twin')
  const [n1, old, young] = [site.node(0), site.node(1), site.node(2)]
  site.cluster.bus.cut(old.peer)
  const answer = await site.order(n1, '/v1/remove', { node: 'twin', vouchedBy: 'eve' })
  t.match(answer, {
    status: 409,
    body: {
      error: /2 members are called twin; name one of them by its incarnation: 2{32} \(member 2, /,
      incarnations: [old.incarnation, young.incarnation]
    }
  })
  const body = { node: old.incarnation, vouchedBy: 'eve', heir: 'twin' }
  t.match(await site.order(n1, '/v1/remove', body), { status: 409 }, 'the heir is named as well')
  t.match(await site.order(n1, '/v1/remove', { ...body, heir: young.incarnation }), {
    status: 200,
    body: { removed: { index: 2 }, heir: 'twin' }
  })
})

t.test('resolve', async t => {
  const site = await new Site(t).start('n1', 'n2')
  const [n1, n2] = [site.node(0), site.node(1)]
  const decide = (address: string, owner = 'n1') =>
    site.order(n1, '/v1/resolve', { address, owner })
  t.match(await decide('10.9.0.30'), {
    status: 409,
    body: { error: /10\.9\.0\.30 is not contested as far as this node knows: n1 owns it/ }
  })
  t.match(await decide('192.0.2.1'), { status: 404 })
  await contest(site, '10.9.0.30')
  const [contested] = (await site.shown(n1)).contested
  t.match(contested, {
    address: '10.9.0.30',
    claims: [/^3\.5 node n2, written by node n2 as its write 1$/, /^3\.5 node n1, written by/]
  })
  t.match(await site.order(n2, '/v1/transfer', { address: '10.9.0.30' }), { status: 409 })
  t.match(await decide('10.9.0.30', 'n9'), { status: 404, body: { error: /no member/ } })
  t.match(await decide('10.9.0.30', 'n2'), {
    status: 200,
    body: { address: '10.9.0.30', domain: '10.9.0.0/27', owner: 'n2', record: Number }
  })
  t.same((await site.shown(n1)).contested, [])
  t.match(await site.blockOf(n1, '10.9.0.30'), { owner: 'n2' })
})

t.test('a range that is given up', async t => {
  const site = await new Site(t).start('n1', 'n2')
  const [n1, n2] = [site.node(0), site.node(1)]
  const order = (path: string, range: string) => site.order(n2, path, { range })
  const used = await addressOf(n1, 'c1')
  const range = '10.9.0.0-10.9.0.7'
  t.match(await order('/v1/keep-range', range), {
    status: 409,
    body: { error: `nothing of ${range} is being given up` }
  })
  t.match(await order('/v1/drain-range', range), {
    status: 200,
    body: { domain: '10.9.0.0/27', range, addresses: 8, record: Number }
  })
  const told = () => order('/v1/drain-range', range)
  await site.cluster.until(async () => (await told()).body['gone'] === 7)
  t.notOk('record' in (await told()).body, 'and no other record was written to ask that')
  t.match(await site.blockOf(n2, used), { owner: 'n1' }, 'what a pod has stays')
  t.match(await order('/v1/keep-range', '10.9.0.4-10.9.0.11'), { status: 200, body: { gone: 4 } })
  t.match(await order('/v1/drain-range', '10.9.0.16-10.9.0.40'), {
    status: 404,
    body: { error: /no subnet that this node knows has all of 10\.9\.0\.16-10\.9\.0\.40/ }
  })
})

t.test('without the registry nothing is decided', async t => {
  const site = await new Site(t).start('n1', 'n2')
  const [n1, n2] = [site.node(0), site.node(1)]
  site.cluster.bus.cut(n2.peer)
  site.cluster.isRegistryAway = true
  t.match(await site.order(n1, '/v1/remove', { node: 'n2', vouchedBy: 'eve' }), {
    status: 503,
    body: { error: /nothing came of it in 30 seconds.*no peer is known.*orbweaverd registry/ }
  })
  t.match((await site.ask(n1, '/v1/registry')).body, { trouble: /no peer is known/ })
  site.cluster.isRegistryAway = false
  await site.cluster.until(async () => !('trouble' in (await site.ask(n1, '/v1/registry')).body))
  t.equal(site.cluster.registry.view.members.get(2)?.removed, undefined, 'nor later')
})

/** Two claims of one key, as after a rollback that nobody noticed. */
async function contest(site: Site, address: string): Promise<void> {
  const { house } = site.node(0)
  const { subnets } = await new Promise<{
    subnets: ReadonlyMap<string, { insist: (message: never) => void }>
  }>(replyTo => house.catalogue.insist({ type: 'DescribePools', replyTo }))
  const start = ip(address)
  const claim = (owner: number) => ({
    ...{ start, end: start + 1n },
    register: { fence: 3, seq: 5, owner, writer: owner, wctr: 1, tail: '' }
  })
  const [one, other] = [claim(2), claim(1)]
  const body = {
    ...{ type: 'Delta', domain: '10.9.0.0/27', runs: [], raise: [] },
    contests: [{ address: start, claims: [one.register, other.register] }]
  }
  const told = { type: 'PeerSays', from: 2, body }
  for (const actor of subnets.values()) actor.insist(told as never)
  await site.cluster.until(async () => (await site.shown(site.node(0))).contested.length > 0)
}
