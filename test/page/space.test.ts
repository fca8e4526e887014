// The map of a /16 with tens of thousands of pods: drawn, kept up to date while pods come and go, walked over with the
// keyboard, and fit for people who see little or nothing.

import '../support/own-host.ts'

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { nextContainerId } from '../../scripts/bench/container-ids.ts'
import { type Address, formatAddress } from '../../src/core/address.ts'
import { eventually } from '../support/command.ts'
import { daemonPaths, startDaemon } from '../support/daemon.ts'
import { ipamSection, type Pool, plugin, poolsYaml } from '../support/ipam.ts'
import { Netns } from '../support/netns.ts'
import { execute } from '../support/plugin.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'
import { ip } from '../support/samples.ts'
import { look, program } from './browser.ts'
import { crowd } from './crowded-store.ts'
import { axe, coloursDrawn, frameTimes, paintTimes, type Violation } from './in-page.ts'

const pool: Pool = {
  name: 'wide',
  subnet: '10.20.0.0/16',
  ips: ['10.20.0.2-10.20.255.254'],
  gateway: '10.20.0.1'
}
/** A third of them, spread so that hardly two neighbours are alike. */
const crowded = Array.from({ length: 65_000 }, (_, i) => i + 200).filter(i => (i * 7919) % 100 < 33)
const churnMs = 4_000
const patience = { timeout: 60_000 }

const what = 'the page of a node with a crowded /16'
if (requireRoot(t, what) && requirePrograms(t, what, ['ip', plugin, program])) await suite()

async function suite(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'ow-space-'))
  const addresses = crowded.map(i => (ip('10.20.0.0') + BigInt(i)) as Address)
  crowd(daemonPaths(dir).stateDir, pool.name, 16, addresses)
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const daemon = await startDaemon({
    dir,
    pools: poolsYaml([pool]),
    config: {
      nodeName: 'n1',
      http: { listen: `127.0.0.1:${port}` },
      reconcile: { everySeconds: 86_400, graceSeconds: 86_400 }
    }
  })
  const sandbox = await Netns.make()
  t.teardown(async () => {
    await daemon.stop()
    await sandbox.remove()
    rmSync(dir, { recursive: true, force: true })
  })
  const cni = (verb: string, id: string) =>
    execute(plugin, {
      env: {
        CNI_COMMAND: verb,
        CNI_CONTAINERID: id,
        CNI_NETNS: sandbox.path,
        CNI_IFNAME: 'eth0',
        CNI_PATH: '/opt/cni/bin'
      },
      stdin: JSON.stringify({
        cniVersion: '1.1.0',
        name: 'underlay',
        type: 'macvlan',
        ipam: ipamSection(daemon, [pool])
      })
    })
  const { page, requests, complaints } = await look(t, origin)
  const legend = page.locator('.legend-entry')
  const heading = page.locator('.selection h2')
  const usedCount = async () => {
    const text = await legend.filter({ hasText: 'used here' }).locator('.legend-count').innerText()
    return Number(text.replaceAll(/\D/g, ''))
  }

  await t.test('65,536 addresses are drawn', async t => {
    await legend.first().waitFor(patience)
    t.equal(await usedCount(), crowded.length)
    await page.getByText('one cell is one address').waitFor(patience)
    const drawn = await page.evaluate<number[]>(coloursDrawn)
    t.ok(drawn.length >= 2, 'with more than one colour')
    const paints = await page.evaluate<number[]>(paintTimes)
    t.comment(`drawn in ${paints.map(ms => ms.toFixed(1)).join(', ')} ms`)
  })

  await t.test('pods come and go, and the map goes along without a jerk', async t => {
    const before = await usedCount()
    await page.evaluate('performance.clearMeasures()')
    const frames = page.evaluate<number[]>(frameTimes(churnMs))
    const until = Date.now() + churnMs
    const kept: string[] = []
    let started = 0
    while (Date.now() < until) {
      const id = nextContainerId()
      const { status } = await cni('ADD', id)
      if (status !== 0) break
      started += 1
      kept.push(id)
      if (kept.length > 40) await cni('DEL', kept.shift() as string)
    }
    const gaps = (await frames).sort((a, b) => a - b)
    const paints = (await page.evaluate<number[]>(paintTimes)).sort((a, b) => a - b)
    const at = (times: readonly number[], share: number) =>
      (times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0).toFixed(1)
    t.comment(`${started} pods started in ${churnMs} ms`)
    t.comment(
      `${gaps.length} frames: median ${at(gaps, 0.5)} ms, 95th ${at(gaps, 0.95)}, longest ${at(gaps, 1)}`
    )
    t.comment(`${paints.length} paints: median ${at(paints, 0.5)} ms, longest ${at(paints, 1)}`)
    t.ok(started > kept.length, 'pods came and went')
    t.ok(paints.length > 0, 'the map was drawn meanwhile')
    const isShown = async () => (await usedCount()) === before + kept.length
    await eventually('the map shows in the end what is', isShown, patience.timeout)
    const cooling = await legend.filter({ hasText: 'cooling' }).count()
    t.equal(cooling, 1, 'released ones cool')
  })

  await t.test('a walk with the keyboard', async t => {
    const spoken = page.locator('p[role=status][aria-live]')
    await page.locator('.map-frame').focus()
    await page.keyboard.press('Home')
    t.equal(await heading.innerText(), '10.20.0.0')
    await page.keyboard.press('ArrowDown')
    t.equal(await heading.innerText(), '10.20.1.0', 'a row is a /24')
    await page.keyboard.press('ArrowRight')
    t.match(
      await spoken.innerText(),
      /^10\.20\.1\.1: (used here|free here|cooling)/,
      'each step is said'
    )
    await page.keyboard.press('Enter')
    await page.locator('.trail', { hasText: '10.20.0.0/20' }).waitFor(patience)
    await page.keyboard.press('Enter')
    await page.locator('.trail', { hasText: '10.20.1.0/24' }).waitFor(patience)
    t.equal(await heading.innerText(), '10.20.1.1', 'the cursor stays')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await page.locator('.trail', { hasText: '65' }).waitFor(patience)
    t.equal(await page.locator('.trail li').count(), 1, 'and back')
    await page.keyboard.press('/')
    await page.keyboard.type('10.20.200.7')
    await page.keyboard.press('Enter')
    await page.locator('.trail', { hasText: '10.20.200.0/24' }).waitFor(patience)
    t.equal(await heading.innerText(), '10.20.200.7', 'a search leads to its cell')
    await page.locator('#search').fill('10.99.0.1')
    await page.keyboard.press('Enter')
    await page.getByText('10.99.0.1 is in no subnet of this node.').waitFor(patience)
    await page.locator('.skips a').first().focus()
    t.ok(await page.locator('.skips a').first().isVisible(), 'there is a way past the header')
  })

  await t.test('what is known of an address', async t => {
    await page.locator('#search').fill(formatAddress(addresses[0] as Address))
    await page.keyboard.press('Enter')
    await page.locator('.history', { hasText: 'crowd/pod-0' }).waitFor(patience)
    t.match(await page.locator('.facts').innerText(), /crowd\/pod-0/)
    await page.locator('#search').fill('pod-1')
    await page.keyboard.press('Enter')
    await page.locator('.found, .selection h2').first().waitFor(patience)
  })

  await t.test('light and dark', async t => {
    const ground = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
    const light = await ground()
    await page.emulateMedia({ colorScheme: 'dark' })
    const isOther = async () => (await ground()) !== light
    await eventually('it follows the system', isOther)
    const dark = await ground()
    const becomes = (what: string, wanted: string) =>
      eventually(what, async () => (await ground()) === wanted)
    await page.getByText('light', { exact: true }).click()
    await becomes('until told otherwise', light)
    await page.reload()
    await legend.first().waitFor(patience)
    t.equal(await ground(), light, 'also the next time')
    await page.getByText('auto', { exact: true }).click()
    await becomes('and again when told so', dark)
  })

  for (const scheme of ['light', 'dark'] as const) {
    await t.test(`no obstacle for anybody, ${scheme}`, async t => {
      await page.emulateMedia({ colorScheme: scheme })
      await page.evaluate(axe)
      const { violations } = await page.evaluate<{ violations: readonly Violation[] }>('axe.run()')
      t.same(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map(one => one.html).join(' ')}`),
        []
      )
    })
  }

  await t.test('on a phone nothing is wider than the screen', async t => {
    await page.setViewportSize({ width: 390, height: 844 })
    await page.locator('#addresses').waitFor(patience)
    const fits = () => page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')
    await eventually('all is within the screen', fits, patience.timeout)
    const box = await page.locator('.map-frame canvas').first().boundingBox()
    t.ok(box !== null && box.width > 200 && box.x + box.width <= 390, 'the map is there whole')
  })

  t.same(
    requests.filter(url => !url.startsWith(`${origin}/`) && !url.startsWith('data:')),
    [],
    'nothing was asked of anybody else'
  )
  t.same(complaints, [], 'and nothing complained of')
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const at = server.address()
      server.close(() => resolve(typeof at === 'object' ? (at?.port ?? 0) : 0))
    })
  })
}
