// Three real nodes and a browser beside one of them: a partition is seen as one, and its end, and pods where they are.

import '../support/own-host.ts'

import t from 'tap'
import { Cluster } from '../support/cluster.ts'
import type { ClusterNode } from '../support/cluster-node.ts'
import { Pods } from '../support/cluster-pods.ts'
import { eventually } from '../support/command.ts'
import { type Pool, plugin } from '../support/ipam.ts'
import { Netns } from '../support/netns.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'
import { look, program } from './browser.ts'

const pool: Pool = { name: 'blue', subnet: '10.9.0.0/24', ips: ['10.9.0.10-10.9.0.250'] }
const origin = 'http://127.0.0.1:5711'
const config = { http: { listen: '127.0.0.1:5711' }, cooldown: { seconds: 600 } }
const patience = { timeout: 60_000 }

const what = 'the page of a node in a cluster'
if (requireRoot(t, what) && requirePrograms(t, what, ['ip', 'nsenter', 'nft', plugin, program])) {
  await suite()
}

async function suite(): Promise<void> {
  const cluster = await Cluster.start({ nodes: 3, pools: [pool], config })
  const sandbox = await Netns.make()
  t.teardown(async () => {
    await cluster[Symbol.asyncDispose]()
    await sandbox.remove()
  })
  const pods = new Pods(cluster, sandbox.path)
  const [n1] = cluster.nodes as [ClusterNode]
  const netns = cluster.lan.netns(1).path
  const { page, requests, complaints } = await look(t, origin, { netns })
  const mesh = page.locator('#mesh')
  const row = (node: string) => mesh.locator('tbody tr', { hasText: node })

  await t.test('who is there, and what everybody holds', async t => {
    await mesh.getByText('all 3 nodes are on one side').waitFor(patience)
    await row('n1').filter({ hasText: 'registrar' }).waitFor(patience)
    t.match(await row('n1').innerText(), /this node/)
    t.match(await row('n2').innerText(), /up/)
    t.equal(await page.title(), 'n1 · Orbweaver')
    await page.locator('.health', { hasText: 'serves' }).waitFor(patience)
    const names = await mesh.locator('svg text:not(.held)').allTextContents()
    t.same(names.sort(), ['n1', 'n2', 'n3'])
    const links = mesh.locator('svg line.link.up')
    const isWhole = async () => (await links.count()) === 3
    await eventually('also the link between the others is drawn', isWhole, patience.timeout)
  })

  await t.test('a pod appears on the map, in the events and by search', async t => {
    const { address } = await pods.start(n1)
    const entry = page.locator('.legend-entry', { hasText: 'used here' })
    await entry.waitFor(patience)
    t.match(await entry.innerText(), /1\s/)
    await page.locator('.event', { hasText: address }).first().waitFor(patience)
    await page.locator('#search').fill(address)
    await page.keyboard.press('Enter')
    const selection = page.locator('.selection')
    await selection.locator('h2', { hasText: address }).waitFor(patience)
    t.match(await selection.innerText(), /used here/)
    await selection.locator('.history', { hasText: 'test/pod-' }).waitFor(patience)
  })

  await t.test('a partition is two groups, and its end one', async t => {
    await cluster.lan.part([[1, 2], [3]])
    await mesh.getByText('2 on this side, 1 out of reach').waitFor({ timeout: 60_000 })
    t.match(await row('n3').innerText(), /out of reach/)
    t.equal(await mesh.locator('svg .side').count(), 2, 'each with a frame')
    t.equal(await mesh.locator('svg .rift').count(), 1, 'and a rift between them')
    t.equal(await mesh.locator('svg line.link').count(), 1, 'no link leads over')
    const spoken = page.locator('p[role=status][aria-live]')
    t.match(await spoken.innerText(), /n3 cannot be reached/, 'it is said aloud')
    await page.locator('.event', { hasText: 'n3 cannot be reached' }).first().waitFor(patience)
    // Work goes on, and the page shows it.
    const { address } = await pods.start(n1)
    await page.locator('.event', { hasText: address }).first().waitFor(patience)
    await cluster.lan.heal()
    await mesh.getByText('all 3 nodes are on one side').waitFor({ timeout: 60_000 })
    t.equal(await mesh.locator('svg .rift').count(), 0)
  })

  await t.test('a daemon that is started anew is found again', async t => {
    await n1.stop()
    await page.locator('.health', { hasText: 'does not answer' }).waitFor(patience)
    await n1.start()
    await page.locator('.health.up').waitFor(patience)
    await page.locator('.identity', { hasText: 'live' }).waitFor(patience)
    t.pass('without a reload')
  })

  t.same(
    requests.filter(url => !url.startsWith(`${origin}/`) && !url.startsWith('data:')),
    [],
    'nothing was asked of anybody else'
  )
  const isOfTheCut = (one: string) => one.startsWith('503') && one.endsWith('/v1/elsewhere')
  t.same(
    complaints.filter(one => !isOfTheCut(one)),
    [],
    'and nothing complained of but that n3 was away'
  )
}
