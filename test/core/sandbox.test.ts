import t from 'tap'
import { isBefore, judgeSandbox, type SandboxSighting } from '../../src/core/sandbox.ts'
import { boot, sandbox } from '../support/samples.ts'

const here: SandboxSighting = {
  boot,
  namespace: '4:/run/netns/a',
  witness: '1:1',
  held: new Set(['4:other'])
}

t.test('only what is certainly gone is gone', async t => {
  const { namespace: _, witness: __, ...unseen } = sandbox(1)
  const rows = [
    { why: 'it is where it was', sighting: here, verdict: 'Alive' },
    { why: 'nothing is there', sighting: { ...here, namespace: undefined }, verdict: 'Gone' },
    { why: 'another one is there', sighting: { ...here, namespace: '4:99' }, verdict: 'Gone' },
    {
      why: 'its name is gone but a process lives in it',
      sighting: { ...here, namespace: undefined, held: new Set(['4:/run/netns/a']) },
      verdict: 'Alive'
    },
    {
      why: 'the directory is another one: we look at the wrong place',
      sighting: { ...here, namespace: undefined, witness: '9:9' },
      verdict: 'Unknown'
    },
    {
      why: 'the directory is gone',
      sighting: { ...here, namespace: undefined, witness: undefined },
      verdict: 'Unknown'
    },
    {
      why: 'not all processes can be seen',
      sighting: { ...here, namespace: undefined, held: undefined },
      verdict: 'Unknown'
    },
    { why: 'the machine has rebooted', sighting: { ...here, boot: 'boot-2' }, verdict: 'Gone' }
  ]
  for (const { why, sighting, verdict } of rows) {
    t.equal(judgeSandbox(sandbox(1), sighting).type, verdict, why)
  }
  t.equal(
    judgeSandbox(unseen, { ...here, namespace: undefined }).type,
    'Unknown',
    'it was never seen'
  )
  t.equal(judgeSandbox(unseen, { ...here, boot: 'boot-2' }).type, 'Gone', 'but no boot is survived')
})

t.test('moments of different boots', async t => {
  const a = { boot: 'old', ns: 500n }
  const b = { boot: 'new', ns: 1n }
  t.equal(isBefore(a, b, 'new'), true, 'the current boot is the later one')
  t.equal(isBefore(b, a, 'new'), false)
  t.equal(isBefore(a, b, 'newest'), false, 'of two past boots nothing is known')
  t.equal(isBefore(b, a, 'newest'), false)
  t.equal(isBefore(a, { ...a, ns: 501n }, 'new'), true)
})
