// The SpiderCoordinator among the files of the pools: the last good one stays in force, over a restart too.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  type CoordinatorFiles,
  type KeptText,
  openCoordinatorFiles
} from '../../src/config/coordinator-files.ts'
import { formatCidr } from '../../src/core/cidr.ts'
import { eventually } from '../support/command.ts'
import { keptLog } from '../support/link-lan.ts'

function document(spec: object, name = 'default', status: object = {}): string {
  const apiVersion = 'spiderpool.spidernet.io/v2beta1'
  return JSON.stringify({ apiVersion, kind: 'SpiderCoordinator', metadata: { name }, spec, status })
}

function stage(t: Test) {
  const directory = mkdtempSync(join(tmpdir(), 'orbweaver-coordinator-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'coordinator.json')
  const log = keptLog()
  let kept: KeptText | undefined
  const copy = { read: () => kept, write: (text: KeptText | undefined) => void (kept = text) }
  const open = async (): Promise<CoordinatorFiles> => {
    const options = { directories: [directory], copy, log, debounceMs: 5, rescanMs: 30 }
    const files = await openCoordinatorFiles(options)
    t.teardown(() => files.close())
    return files
  }
  const put = (text: string) => writeFileSync(file, text)
  return { open, put, log, remove: () => rmSync(file), kept: () => kept }
}

t.test('a document is read, and read again when it changes', async t => {
  const { open, put, remove, kept } = stage(t)
  put(document({ mode: 'underlay', podCIDRType: 'none', hostRuleTable: 600 }))
  const files = await open()
  t.same(files.current(), { mode: 'underlay', hostRuleTable: 600 })
  put(document({ mode: 'disabled' }))
  await eventually('the change is in force', () => files.current().mode === 'disabled')
  t.match(kept()?.text, /disabled/)
  remove()
  await eventually('a document that is gone is gone', () => files.current().mode === undefined)
  t.equal(kept(), undefined)
})

t.test('CIDRs are taken from the status, and before that from the spec', async t => {
  const { open, put } = stage(t)
  const status = {
    overlayPodCIDR: ['10.244.0.0/16'],
    serviceCIDR: ['10.96.0.0/12'],
    phase: 'Synced'
  }
  put(document({ serviceCIDR: ['10.97.0.0/16'] }, 'default', status))
  const { overlayPodCidrs = [], serviceCidrs = [] } = (await open()).current()
  t.same([...overlayPodCidrs, ...serviceCidrs].map(formatCidr), ['10.244.0.0/16', '10.97.0.0/16'])
})

t.test('one that is broken leaves the last one in force, over a restart too', async t => {
  const { open, put, log } = stage(t)
  put(document({ hijackCIDR: ['169.254.0.0/16'] }))
  const first = await open()
  for (const broken of ['{', document({ mode: 'both' }), document({ hijackCIDRs: [] })]) {
    put(broken)
    const files = await open()
    t.same((files.current().hijackCidrs ?? []).map(formatCidr), ['169.254.0.0/16'], broken)
  }
  t.equal((first.current().hijackCidrs ?? []).length, 1)
  t.match(log.lines.join('\n'), /stays in force/)
})

t.test('of several the first by name is used', async t => {
  const { open, put, log } = stage(t)
  const [one, other] = [document({ mode: 'overlay' }, 'b'), document({ mode: 'underlay' }, 'a')]
  put(`{"apiVersion":"v1","kind":"List","items":[${one},${other}]}`)
  t.same((await open()).current(), { mode: 'underlay' })
  t.match(log.lines.join('\n'), /one SpiderCoordinator is used/)
})
