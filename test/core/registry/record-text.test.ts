import t from 'tap'
import {
  formatRecord,
  holdersMax,
  parseRecord,
  recordBytesMax
} from '../../../src/core/registry/record-text.ts'
import type { Proposal } from '../../../src/core/registry/record.ts'
import {
  addRange,
  changeRange,
  decide,
  genesis,
  join,
  joining,
  name,
  remove,
  signed
} from './records.ts'

function bytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
}

const every: readonly Proposal[] = [
  genesis,
  join(1, 2, 3),
  { type: 'Join', members: [joining(1, { machine: '', wire: { min: 1, max: 7 } })] },
  remove(1, 2),
  { ...remove(1, 2, ''), assertion: 'SELF' } as Proposal,
  addRange('10.9.0.1', '10.9.0.254', [1, 2]),
  addRange('fd00::1', 'fd00::ffff', [1], 'fd00::/64'),
  changeRange('RangeDrain', '10.9.0.7', '10.9.0.7'),
  changeRange('RangeKeep', '10.9.0.7', '10.9.0.9'),
  decide('10.9.0.7', 2),
  { type: 'MinWire', version: 2 }
]

t.test('every kind of record survives its text, which is one line', async t => {
  for (const record of every.map(signed)) {
    const text = formatRecord(record)
    t.same(parseRecord(text), record, record.type)
    t.notOk(text.includes(10), 'one line')
  }
  const odd = signed(remove(1, 2, 'müde\nund "krumm" \u2028'))
  t.same(parseRecord(formatRecord(odd)), odd, 'line breaks in a text are escaped')
})

t.test('fields of later releases are left out, and so are kinds of records', async t => {
  t.same(parseRecord(bytes({ ...signed(genesis), motto: 'x' })), signed(genesis))
  const members = [{ ...joining(1), zone: 'a' }]
  t.same(parseRecord(bytes({ ...signed(join(1)), members })), signed(join(1)))
  t.same(parseRecord(bytes({ type: 'Voters', set: 3 })), { type: 'Foreign' })
})

t.test('what is no record says why', async t => {
  const rows: [unknown, RegExp][] = [
    ['', /no JSON/],
    ['{', /no JSON/],
    [`\n${JSON.stringify(signed(genesis))}`, /more than one line/],
    ['[]', /no object with a type/],
    ['null', /no object with a type/],
    [{ type: 7 }, /no object with a type/],
    [{ type: 'Genesis', cluster: name(1) }, /Genesis\.author: is missing; .*Genesis\.atMs: is mis/]
  ]
  for (const [text, problem] of rows) t.match(parseRecord(bytes(text)), { problem }, String(text))
  t.match(parseRecord(new Uint8Array([0x22, 0xff, 0x22])), { problem: /no JSON in UTF-8/ })
  const long = { ...signed(genesis), motto: 'x'.repeat(recordBytesMax) }
  t.match(parseRecord(bytes(long)), { problem: /the limit is 65536/ })
})

t.test('a record full of rubbish gets a short answer', async t => {
  const holders = Array.from({ length: 10_000 }, () => 'x')
  const parsed = parseRecord(bytes({ ...signed(addRange('10.9.0.1', '10.9.0.9', [1])), holders }))
  t.ok('problem' in parsed && parsed.problem.length < 2_000)
})

t.test('every field is looked at', async t => {
  const [one] = join(1).members
  const member = (more: object) => ({ ...join(1), members: [{ ...one, ...more }] })
  const range = addRange('10.9.0.1', '10.9.0.9', [1])
  const rows: [object, RegExp][] = [
    [{ ...genesis, cluster: name(10).toUpperCase() }, /cluster: .* 32 hexadecimal digits/],
    [{ ...genesis, author: '' }, /author/],
    [{ ...genesis, author: 'x'.repeat(254) }, /author/],
    [{ ...genesis, atMs: -1 }, /atMs/],
    [{ ...genesis, atMs: '5' }, /atMs/],
    [{ ...join(1), members: [] }, /members: .*at least one/],
    [{ ...join(1), members: 'x' }, /members/],
    [{ ...join(1), members: [7] }, /members\[0\]/],
    [member({ incarnation: 'x' }), /members\[0\]\.incarnation/],
    [member({ node: '' }), /node/],
    [member({ peer: 'x'.repeat(129) }), /peer/],
    [member({ machine: undefined }), /machine: is missing/],
    [member({ wire: undefined }), /wire: is missing/],
    [member({ wire: { min: 0, max: 1 } }), /wire\.min/],
    [member({ wire: { min: 2, max: 1 } }), /must not end before it starts/],
    [member({ wire: { min: 1, max: 2 ** 32 } }), /wire\.max/],
    [{ ...remove(1, 2), incarnation: 5 }, /incarnation/],
    [{ ...remove(1, 2), heir: '' }, /heir/],
    [{ ...remove(1, 2), assertion: 'SILENCE' }, /assertion: "SILENCE" must be one of SELF/],
    [{ ...remove(1, 2), evidence: 'x'.repeat(4_097) }, /evidence/],
    [{ ...range, domain: '10.9.0.0' }, /domain: .*no subnet/],
    [{ ...range, domain: '10.9.0.1/24' }, /host bits/],
    [{ ...range, domain: 7 }, /domain: 7/],
    [{ ...range, domain: 'fd00:0::/64' }, /must be fd00::\/64/],
    [{ ...range, first: '10.9.0' }, /first/],
    [{ ...range, first: ' 10.9.0.1' }, /first/],
    [{ ...range, first: '10.9.0.1-10.9.0.2' }, /first/],
    [{ ...range, last: '10.9.0.0' }, /ends before it starts/],
    [{ ...range, last: 'fd00::1' }, /mixes IPv4 and IPv6/],
    [{ ...range, holders: [] }, /1 to 64 incarnations/],
    [{ ...range, holders: Array.from({ length: holdersMax + 1 }, (_, i) => name(i)) }, /1 to 64/],
    [{ ...range, holders: [name(1), name(1)] }, /only once/],
    [{ ...range, holders: ['node-1'] }, /holders\[0\]: "node-1"/],
    [{ ...changeRange('RangeDrain', '10.9.0.1', '10.9.0.1'), last: undefined }, /last: is missing/],
    [{ ...changeRange('RangeKeep', '10.9.0.1', '10.9.0.1'), domain: undefined }, /domain: is miss/],
    [{ ...decide('10.9.0.1', 1), address: '10.9.0.256' }, /address/],
    [{ ...decide('10.9.0.1', 1), owner: null }, /owner: is missing/],
    [{ type: 'MinWire', version: 1.5 }, /version/]
  ]
  for (const [record, problem] of rows) {
    const text = bytes({ author: 'node-1', atMs: 1, ...record })
    t.match(parseRecord(text), { problem }, JSON.stringify(record).slice(0, 200))
  }
})
