// Takes the pictures of docs/: three real nodes with pods, and a cut. Run by hand, as root:
//   node test/page/pictures.ts

import '../support/own-host.ts'

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Cluster } from '../support/cluster.ts'
import type { ClusterNode } from '../support/cluster-node.ts'
import { Pods } from '../support/cluster-pods.ts'
import type { Pool } from '../support/ipam.ts'
import { Netns } from '../support/netns.ts'
import { look } from './browser.ts'

const images = join(import.meta.dirname, '../../docs/images')
const pools: readonly Pool[] = [
  { name: 'red', subnet: '10.20.4.0/22', ips: ['10.20.4.10-10.20.7.250'], gateway: '10.20.4.1' },
  { name: 'blue', subnet: '10.21.7.0/24', ips: ['10.21.7.10-10.21.7.250'], gateway: '10.21.7.1' }
]
const config = { http: { listen: '127.0.0.1:5711' }, cooldown: { seconds: 600 } }
const podsEach = 140
const churnMs = 20_000

t.setTimeout(600_000)
const cluster = await Cluster.start({ nodes: 3, pools, config })
const sandbox = await Netns.make()
t.teardown(async () => {
  await cluster[Symbol.asyncDispose]()
  await sandbox.remove()
})
const [n1] = cluster.nodes as [ClusterNode]
const pods = new Pods(cluster, sandbox.path)
await pods.spread(cluster.nodes, 3 * podsEach)
for (const pod of pods.on(n1).filter((_, i) => i % 7 === 3)) await pods.stop(pod)

const netns = cluster.lan.netns(1).path
const { page } = await look(t, 'http://127.0.0.1:5711', {
  netns,
  viewport: { width: 1280, height: 800 }
})
const shoot = (name: string) => page.screenshot({ path: join(images, `page-${name}.png`) })
const churn = new AbortController()
const churned = pods.churn([n1], churn.signal, { each: 12, pauseMs: 200 })
await sleep(churnMs)
await page.locator('#search').fill(pods.on(n1)[60]?.address ?? '')
await page.keyboard.press('Enter')
await page.locator('.history').waitFor()
await page.locator('.trail button').first().click()
await page.locator('#search').fill('')
await sleep(1_000)
await shoot('light')
await page.emulateMedia({ colorScheme: 'dark' })
await cluster.lan.part([[1, 2], [3]])
await page.getByText('1 out of reach').waitFor()
await sleep(2_000)
await shoot('partition')
churn.abort()
await churned
await cluster.lan.heal()
await page.locator('.map-frame').click({ position: { x: 200, y: 100 } })
await page.keyboard.press('Enter')
await page.mouse.move(0, 0)
await page.setViewportSize({ width: 390, height: 844 })
await page.emulateMedia({ colorScheme: 'light' })
await sleep(1_000)
await shoot('phone')
t.end()
