// What is looked at before a plan is made, and what of the plan then has to be done.

import t from 'tap'
import { parseCidr } from '../../src/core/cidr.ts'
import { settingsOf } from '../../src/core/coordination/settings.ts'
import type { Mac } from '../../src/core/link/mac.ts'
import { type Circumstances, hostLook, noMemory } from '../../src/coordinator/circumstances.ts'
import { routeOf } from '../../src/coordinator/made-routes.ts'
import { missingSteps } from '../../src/coordinator/missing-steps.ts'
import { hostVethName } from '../../src/coordinator/numbers.ts'
import type { Step } from '../../src/coordinator/step.ts'
import { survey } from '../../src/coordinator/survey.ts'
import type { Kernel, Question } from '../../src/kernel/kernel.ts'
import type { LinkAddress, NamespaceView } from '../../src/kernel/view.ts'
import { ip, key } from '../support/samples.ts'

const empty: NamespaceView = {
  ...{ links: [], addresses: [], routes: [], rules: [], neighbours: [] },
  ...{ sysctls: new Map(), ways: [] }
}

function address(text: string): LinkAddress {
  return {
    ...{ link: 'eth0', address: ip(text), prefix: 64, scope: 0, isPermanent: true },
    ...{ isTentative: false, isDadFailed: false, isDeprecated: false },
    ...{ isNoDad: false, isNoPrefixRoute: false }
  }
}

const settings = settingsOf({ configuration: {}, annotation: undefined, cluster: {} })
const eth0 = { settings, key: key('c1'), memory: noMemory }

/** Of a pod with these addresses, and what it was asked. */
function kernelOf(...addresses: readonly string[]): { kernel: Kernel; asked: Question[] } {
  const asked: Question[] = []
  const pod = { ...empty, addresses: addresses.map(address) }
  const kernel: Kernel = {
    observe: async question => {
      asked.push(question)
      return { type: 'Observed', host: empty, ...(question.pod !== undefined && { pod }) }
    },
    carryOut: () => Promise.reject(new Error('a survey changes nothing')),
    close: async () => {}
  }
  return { kernel, asked }
}

t.test('the host is looked at for the addresses of the result, and again for others', async t => {
  const result = { addresses: [{ address: ip('10.9.0.7'), prefix: 24 }], routes: [] }
  const subject = { ...eth0, result, netns: '/run/netns/pod' }
  const usual = kernelOf('10.9.0.7')
  t.match(await survey(usual.kernel, subject, () => 100), { host: empty, pod: { addresses: [{}] } })
  t.match(usual.asked, [{ host: { families: [4], neighbours: { addresses: [ip('10.9.0.7')] } } }])
  t.equal(usual.asked.length, 1)

  // A router has told the pod of a prefix meanwhile.
  const more = kernelOf('10.9.0.7', 'fd09::7')
  t.match(await survey(more.kernel, subject, () => 100), { pod: { addresses: [{}, {}] } })
  t.equal(more.asked.length, 2)
  t.match(more.asked[1], {
    host: { families: [4, 6], neighbours: { addresses: [ip('10.9.0.7'), ip('fd09::7')] } },
    pod: { sysctls: ['net/ipv6/conf/all/disable_ipv6', 'net/ipv4/conf/all/rp_filter'] }
  })
})

t.test(
  'of the links of the host all are seen where the cable may be one of another maker',
  async t => {
    const links = (more: Partial<Pick<Circumstances, 'settings' | 'key' | 'memory'>>) =>
      hostLook({ ...eth0, ...more }, [ip('10.9.0.7')]).links
    const own = { names: [hostVethName('c1')] }
    const net1 = { ...key('c1'), ifname: 'net1' }
    const memory = (mode: 'underlay' | 'overlay') => ({ ...noMemory, mode })
    t.same(links({}), own)
    t.same(links({ key: net1, memory: memory('underlay') }), own)
    t.same(links({ key: net1 }), true, 'nobody knows yet')
    t.same(links({ key: net1, memory: memory('overlay') }), true)
    t.same(links({ settings: { ...settings, mode: 'overlay' } }), true)
  }
)

t.test('the ends of a cable that is made are not set again', async t => {
  const [near, far] = ['02:00:00:00:00:01', '02:00:00:00:00:02'] as [Mac, Mac]
  const end = { isUp: true, mtu: 1500 }
  const cable: Step = {
    ...{
      type: 'AddVeth',
      at: 'Host',
      link: { name: 'vethpod', mac: far, queues: 1, ...end }
    },
    peer: { at: 'Pod', name: 'veth0', mac: near, isUp: true }
  }
  const set = (at: Step['at'], name: string, change: object): Step => ({
    ...{ type: 'SetLink', at, name },
    change
  })
  const destination = parseCidr('10.9.0.0/24')
  if ('problem' in destination) throw new Error(destination.problem)
  const route: Step = {
    ...{ type: 'PutRoute', at: 'Pod' },
    route: routeOf({ table: 254, destination, link: 'veth0' })
  }
  const others = [set('Pod', 'eth0', { isUp: true }), set('Pod', 'veth0', { txQueueLen: 9 }), route]
  const same = [
    set('Host', 'vethpod', { ...end, mac: far }),
    set('Pod', 'veth0', { ...end, mac: near })
  ]
  const views = { host: empty, pod: empty }
  t.same(missingSteps([cable, ...same, ...others], views), [cable, ...others])
  t.same(missingSteps([...same, ...others], views), [...same, ...others], 'it was there before')
})
