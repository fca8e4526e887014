// Garbage on stdin and from the daemon, into a plugin that is built with the address and undefined behaviour
// sanitizers.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pack } from 'msgpackr'
import t from 'tap'
import { buildPlugin } from '../../scripts/build-plugin.ts'
import { Chance } from '../../scripts/sim/chance.ts'
import { FakeDaemon, frame } from '../support/fake-daemon.ts'
import { attachment, execute, temporaryDirectory, type Outcome } from '../support/plugin.ts'
import { repeatedBy, seed } from '../support/seed.ts'

const chance = new Chance(seed, 'plugin fuzz')
const directory = temporaryDirectory(t)
const socket = join(directory, 'cni.sock')
const sanitize = ['-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all']
const plugin = buildPlugin({ cc: 'cc', flags: sanitize, output: join(directory, 'orbweaver') })
const environment = { ASAN_OPTIONS: 'detect_leaks=0', ...attachment }

t.comment(repeatedBy)

const pieces = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '\\u',
    '\\u00',
    '\\ud83d\\ude00',
    '\0',
    ' ',
    '\n',
    '\ufeff',
    'null'
  ],
  ...[
    'true',
    '-',
    '0',
    '1e5',
    '1.',
    '.5',
    '01',
    '"ipam":{',
    '"socket":"/x"',
    '{"a":1}',
    '"',
    '\x7f',
    '\x1f',
    '/'
  ],
  ...[
    '"answer_timeout_seconds":0.1',
    '[[[[[[[[',
    ']]]]]]]]',
    '{"a":{"a":{"a":',
    'é',
    '\u2028',
    'nulll',
    'e',
    'E+'
  ]
].map(text => Buffer.from(text))

/** Cut, change, repeat or insert, a few times. */
function mutate(original: Buffer): Buffer {
  let bytes = Buffer.from(original)
  for (let times = 1 + chance.below(4); times > 0; times -= 1) {
    const [from, to] = [chance.below(bytes.length + 1), chance.below(bytes.length + 1)].toSorted(
      (a, b) => a - b
    ) as [number, number]
    switch (chance.below(6)) {
      case 0:
        bytes = bytes.subarray(0, from)
        break
      case 1:
        if (bytes.length > 0) bytes[chance.below(bytes.length)] = chance.below(256)
        break
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
        break
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)])
        break
      case 4:
        if (from < bytes.length) bytes[from] = bytes.readUInt8(from) ^ (1 << chance.below(8))
        break
      default:
        bytes = Buffer.concat([bytes.subarray(0, from), chance.pick(pieces), bytes.subarray(from)])
    }
  }
  return bytes
}

function configurations(): Buffer[] {
  const ipam = {
    socket,
    connect_timeout_seconds: 0,
    answer_timeout_seconds: 10,
    queue: join(directory, 'queue')
  }
  return [
    { cniVersion: '1.0.0', name: 'blue', type: 'macvlan', ipam },
    {
      ipam: { ...ipam, type: 'orbweaver', list: [1, 2.5, -3e7, true, null] },
      args: { cni: { ips: ['10.0.0.1'] } }
    },
    {
      Name: 'b',
      prevResult: { ips: [{ address: 'fd00::1/64' }], dns: {} },
      ipam,
      runtimeConfig: { 'a/b': '\u20ac\n"\\' }
    },
    {
      ipam: { ...ipam, ipam_unix_socket_path: '/x' },
      'cni.dev/attachments': [{ containerID: 'a', ifname: 'b' }]
    }
  ].map(object => Buffer.from(JSON.stringify(object, null, chance.pick([0, 1]))))
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** What a daemon says is printed when its structure is sound, however its scalars are spelt. */
function judge(outcome: Outcome, what: string, input: Buffer): string | undefined {
  const { status, stdout, stderr } = outcome
  const isSound = stdout === '' || isJson(stdout) || input.toString().includes(stdout)
  const sound = stderr === '' && (status === 0 || status === 1) && isSound
  if (sound && (status === 0 || stdout !== '')) return undefined
  return `${repeatedBy}, ${what}: ${JSON.stringify(outcome)} for ${input.toString('base64')}`
}

/** Run until there were enough or the time is up, a few at once; returns the first trouble. */
async function many(
  enough: number,
  seconds: number,
  once: () => Promise<string | undefined>
): Promise<string | undefined> {
  const end = performance.now() + seconds * 1000
  let [done, trouble]: [number, string | undefined] = [0, undefined]
  const worker = async () => {
    while (done < enough && trouble === undefined && performance.now() < end) {
      done += 1
      trouble ??= await once()
    }
  }
  await Promise.all([worker(), worker(), worker()])
  t.comment(`${done} executions`)
  return trouble
}

t.test('garbage on stdin', async t => {
  const answer = JSON.stringify({ cniVersion: '1.0.0', ips: [] })
  const daemon = await FakeDaemon.start(socket, conversation => conversation.answer(answer))
  t.teardown(() => daemon.stop())
  const trouble = await many(1000, 6, async () => {
    const stdin = mutate(chance.pick(configurations()))
    // The mutation may have changed where the socket and the queue are. STATUS does no harm anywhere.
    const CNI_COMMAND = isJson(stdin.toString())
      ? 'STATUS'
      : chance.pick(['ADD', 'CHECK', 'DEL', 'GC'])
    return judge(
      await execute(plugin, { env: { ...environment, CNI_COMMAND }, stdin }),
      CNI_COMMAND,
      stdin
    )
  })
  t.equal(trouble, undefined)
})

t.test('garbage from the daemon', async t => {
  const stdin = configurations()[0]
  const answers = [
    '{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.2/24"}]}',
    '{"code":11,"msg":"x"}',
    ''
  ]
  let bytes: Buffer = Buffer.alloc(0)
  const daemon = await FakeDaemon.start(socket, ({ socket }) => void socket.end(bytes))
  t.teardown(() => daemon.stop())
  const trouble = await many(1000, 6, async () => {
    const answer = pack([
      1,
      chance.below(2),
      chance.below(2) === 0 ? chance.pick(answers) : Buffer.from(chance.pick(answers))
    ])
    bytes = mutate(chance.below(2) === 0 ? frame(answer) : frame(mutate(answer)))
    const sent = bytes
    const CNI_COMMAND = chance.pick(['ADD', 'CHECK', 'DEL', 'GC', 'STATUS'])
    const env = { ...environment, CNI_COMMAND }
    return judge(
      await execute(plugin, { env, ...(stdin === undefined ? {} : { stdin }) }),
      CNI_COMMAND,
      sent
    )
  })
  t.equal(trouble, undefined)
})

/** What the harness writes about these documents. */
function harness(documents: readonly Buffer[], ...args: string[]): Buffer {
  const source = join(import.meta.dirname, 'json-harness.c')
  const binary = join(directory, 'harness')
  const build = spawnSync('cc', ['-std=gnu11', ...sanitize, '-o', binary, source], {
    encoding: 'utf8'
  })
  if (build.status !== 0) throw new Error(build.stderr)
  const input = documents.flatMap(document => {
    const size = Buffer.alloc(4)
    size.writeUInt32LE(document.length)
    return [size, document]
  })
  const run = spawnSync(binary, args, { input: Buffer.concat(input), maxBuffer: 1 << 28 })
  if (run.status !== 0) throw new Error(`seed ${seed}: ${run.stderr.toString()}`)
  return run.stdout
}

/** What the plugin would send of each document; undefined when it takes it for no object. */
function sentOf(documents: readonly Buffer[]): (string | undefined)[] {
  const output = harness(documents)
  let at = 0
  return documents.map(() => {
    const size = output.readUInt32LE(at)
    at += 4
    if (size === 0xffff_ffff) return undefined
    at += size
    return output.toString('utf8', at - size, at)
  })
}

const keptNames = new Set([
  ...['cniversion', 'name', 'ipam', 'type', 'args', 'runtimeconfig', 'prevresult'],
  ...['cni.dev/valid-attachments', 'cni.dev/attachments']
])

/** Bytes that are not UTF-8 become U+FFFD: allowed within strings and nowhere else, as the scanner has it. */
function parseObject(text: string): Record<string, unknown> | undefined {
  if (!isJson(text) || !/^[ \t\r\n]*\{/.test(text)) return undefined
  return JSON.parse(text) as Record<string, unknown>
}

t.test('the scanner takes what JSON.parse takes, with the right members', async t => {
  const documents = Array.from({ length: 20_000 }, () => mutate(chance.pick(configurations())))
  let taken = 0
  const isRight = (document: Buffer, sent: string | undefined) => {
    const whole = parseObject(document.toString('utf8'))
    // Only the structure is looked at, so the scanner may take more; the daemon parses what it gets.
    if (whole === undefined) return true
    taken += 1
    const part = sent === undefined ? undefined : parseObject(sent)
    if (part === undefined) return false
    const keys = Object.keys(whole).filter(key => keptNames.has(key.toLowerCase()) || key in part)
    return (
      Object.keys(part).every(key => keys.includes(key)) &&
      keys.every(key => JSON.stringify(part[key]) === JSON.stringify(whole[key]))
    )
  }
  for (const [index, sent] of sentOf(documents).entries()) {
    const document = documents[index] ?? Buffer.alloc(0)
    if (isRight(document, sent)) continue
    t.fail(`seed ${seed}: ${String(sent)} of ${document.toString('base64')}`)
    break
  }
  t.ok(taken > 500, `${taken} were objects`)
})

t.test('the scanner takes nothing that is cut, continued or out of balance', async t => {
  const whole = configurations()
  const cut = whole.flatMap(each =>
    Array.from({ length: each.length }, (_, i) => each.subarray(0, i))
  )
  const bad = whole.flatMap(each => {
    const text = each.toString()
    return [
      `\ufeff${text}`,
      `${text}}`,
      `${text},`,
      `[${text}]`,
      text.replace(':', ' '),
      text.replace(',', ' ')
    ]
  })
  const documents = [...cut, ...bad.map(text => Buffer.from(text))]
  for (const [index, sent] of sentOf(documents).entries()) {
    if (sent !== undefined) t.fail(`seed ${seed}: ${documents[index]?.toString()}`)
  }
  t.ok(documents.length > 500, `${documents.length} documents`)
})

t.test('the reader of answers stays within the frame', async t => {
  const answers = ['{"a":"b"}', '{}', `{"a":"${'x'.repeat(300)}"}`, `{"a":"${'x'.repeat(70_000)}"}`]
    .flatMap(body => [pack([1, 0, body]), pack([1, 1, Buffer.from(body)])])
    .concat(pack([1, 0, '{}', 'more']))
  const others = Array.from({ length: 30_000 }, () => mutate(chance.pick(answers.slice(0, 6))))
  t.match(harness([...answers, ...others], 'answers').toString(), /^1{9}[01]{30000}$/)
})
