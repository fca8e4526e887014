// The network configuration and CNI_ARGS: what is taken, what is refused, with which code and words.

import t from 'tap'
import { formatAddress } from '../../src/core/address.ts'
import { parseCniArgs } from '../../src/cni/cni-args.ts'
import {
  parseIpamConf,
  parseNetConf,
  parseNetworkName,
  versionForErrors
} from '../../src/cni/net-conf.ts'
import { requestedAddresses } from '../../src/cni/requested-addresses.ts'

const base = { cniVersion: '1.0.0', name: 'net1', type: 'macvlan', ipam: { type: 'orbweaver' } }

function conf(more: object = {}): Buffer {
  return Buffer.from(JSON.stringify({ ...base, ...more }))
}

const ipamOf = (more: object) => parseIpamConf(parseNetConf(conf(more)), 'orbweaver')

t.test('what is refused', async t => {
  const rows = [
    { why: 'no name', conf: conf({ name: undefined }), code: 7, message: /name is missing/ },
    { why: 'a name that is a path', conf: conf({ name: '../x' }), code: 7, message: /"\.\.\/x"/ },
    {
      why: 'a name that is too long',
      conf: conf({ name: 'a'.repeat(1025) }),
      code: 7,
      message: /"a{64}\.\.\.".*, at most 1024 bytes$/
    },
    { why: 'a name of another type', conf: conf({ name: 1 }), code: 6, message: /name must be/ },
    { why: 'an unknown version', conf: conf({ cniVersion: '2.0.0' }), code: 1, message: /2\.0\.0/ },
    { why: 'a version almost right', conf: conf({ cniVersion: '1.0' }), code: 1, message: /1\.0/ },
    {
      why: 'a version of another type',
      conf: conf({ cniVersion: 1 }),
      code: 6,
      message: /cniVersion/
    },
    { why: 'no ipam', conf: conf({ ipam: undefined }), code: 7, message: /ipam is missing/ },
    {
      why: 'another ipam',
      conf: conf({ ipam: { type: 'x' } }),
      code: 7,
      message: /ipam\.type is "x"/
    },
    { why: 'an ipam that is a list', conf: conf({ ipam: [] }), code: 6, message: /ipam must be/ },
    {
      why: 'pools that are no list',
      conf: conf({ ipam: { type: 'orbweaver', default_ipv4_ippool: 'a' } }),
      code: 6,
      message: /default_ipv4_ippool must be a list/
    },
    {
      why: 'ranges from the runtime',
      conf: conf({ runtimeConfig: { ipRanges: [[{ subnet: '10.0.0.0/24' }]] } }),
      code: 2,
      message: /ipRanges.*10\.0\.0\.0\/24.*come from pools/
    },
    { why: 'no JSON', conf: Buffer.from('{'), code: 6, message: /not valid JSON/ },
    { why: 'no UTF-8', conf: Buffer.from([0x7b, 0xff, 0x7d]), code: 6, message: /UTF-8/ },
    { why: 'no object', conf: Buffer.from('[]'), code: 6, message: /not a JSON object/ }
  ]
  for (const { why, conf, code, message } of rows) {
    t.throws(
      () => parseIpamConf(parseNetConf(conf), 'orbweaver'),
      { name: 'CniError', code, message },
      why
    )
  }
})

t.test('what is taken', async t => {
  t.equal(parseNetConf(conf({ cniVersion: '' })).cniVersion, '0.1.0', 'no version is the oldest')
  t.equal(parseNetConf(conf({ cniVersion: null })).cniVersion, '0.1.0')
  t.equal(parseNetConf(Buffer.from('{"NAME":"up","CNIVERSION":"1.1.0"}')).name, 'up', 'any case')
  t.equal(parseNetConf(Buffer.from('{"name":"a","NAME":"b"}')).name, 'b', 'the last one wins')
  t.match(
    ipamOf({ ipam: { type: 'orbweaver', default_ipv6_ippool: ['b'], clean_gateway: true } }),
    {
      pools: { 4: [], 6: ['b'] },
      cleanGateway: true
    }
  )
  t.equal(ipamOf({ runtimeConfig: null, args: null }).pools, undefined)
  t.same(ipamOf({ runtimeConfig: { IPs: ['10.0.0.1'] } }).runtimeIps, ['10.0.0.1'])
})

t.test('a DEL needs the name alone', async t => {
  t.equal(parseNetworkName(Buffer.from('{"name":"n","cniVersion":"9","ipam":7}')), 'n')
  t.throws(() => parseNetworkName(Buffer.from('{}')), { name: 'CniError', code: 7 })
})

t.test('an error is told in the version of the configuration where there is one', async t => {
  t.equal(versionForErrors(conf({ name: 1 })), '1.0.0')
  t.equal(versionForErrors(conf({ cniVersion: 'x' })), undefined)
  t.equal(versionForErrors(Buffer.from('{')), undefined)
})

t.test('CNI_ARGS', async t => {
  t.same(parseCniArgs(''), { pod: {}, ips: undefined })
  t.same(
    parseCniArgs(
      'K8S_POD_UID=u;IgnoreUnknown=1;X=2;K8S_POD_NAME=p;K8S_POD_NAMESPACE=n;IP=10.0.0.1,fd00::1'
    ),
    { pod: { namespace: 'n', name: 'p', uid: 'u' }, ips: ['10.0.0.1', 'fd00::1'] },
    'in any order'
  )
  for (const text of [
    'foo',
    'A=B=C',
    'IP=10.0.0.1;',
    'X=1',
    '=x',
    'IP=1.1.1.1;IP=2.2.2.2',
    '\uFFFD=1'
  ]) {
    t.throws(() => parseCniArgs(text), { name: 'CniError', code: 4, message: /CNI_ARGS/ }, text)
  }
  t.throws(() => parseCniArgs(`IgnoreUnknown=1;X=${'y'.repeat(20_000)}`), {
    name: 'CniError',
    code: 4
  })
})

t.test('of the channels for a requested address the highest counts alone', async t => {
  const asked = (more: object, args = '') =>
    requestedAddresses(ipamOf(more), parseCniArgs(args)).map(formatAddress)
  const runtimeConfig = { ips: ['10.0.0.1/24', 'fd00::1'] }
  const args = { cni: { ips: ['10.0.0.2'] } }
  t.same(asked({ runtimeConfig, args }, 'IP=10.0.0.3'), ['10.0.0.1', 'fd00::1'])
  t.same(asked({ args }, 'IP=10.0.0.3'), ['10.0.0.2'])
  t.same(asked({}, 'IP=10.0.0.3/24'), ['10.0.0.3'])
  t.same(asked({}), [])
  t.same(asked({ args: { cni: { ips: ['10.0.0.2', '10.0.0.2/8'] } } }), ['10.0.0.2'], 'once')
  t.throws(() => asked({ args: { cni: { ips: ['junk'] } } }), { name: 'CniError', code: 7 })
  t.throws(() => asked({}, 'IP=10.0.0.300'), {
    name: 'CniError',
    code: 4,
    message: /10\.0\.0\.300/
  })
  t.throws(() => asked({}, `IP=${Array(40).fill('10.0.0.1').join(',')}`), {
    name: 'CniError',
    code: 4
  })
})

t.test('the link that pools have to match', async t => {
  const ipam = { type: 'orbweaver', match_master_subnet: true }
  const device = '0000:03:02.3'
  t.equal(ipamOf({ deviceID: device }).parent, undefined)
  t.same(ipamOf({ ipam, deviceID: device, master: 'ens1f0' }).parent, { device })
  t.same(ipamOf({ ipam, runtimeConfig: { deviceID: device } }).parent, { device })
  t.same(ipamOf({ ipam, master: 'ens1f0' }).parent, { master: 'ens1f0' })
  t.throws(() => ipamOf({ ipam }), { code: 7, message: /match_master_subnet needs a deviceID/ })
})
