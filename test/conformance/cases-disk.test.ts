// Conformance 39 and 42: a disk that is full, that fails, or that has forgotten. In a machine of its own,
// since it mounts small file systems.

import '../support/own-host.ts'
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { attempt, eventually, run } from '../support/command.ts'
import { requirePrograms } from '../support/privilege.ts'
import { codeOf, errorOf, failureFrom } from './verdict.ts'
import { conformance, World } from './world.ts'

/** Fill what is left of the file system with one file. */
function fill(path: string): void {
  const file = openSync(path, 'w')
  for (const size of [65536, 4096, 512, 1]) {
    try {
      for (;;) writeSync(file, Buffer.alloc(size, 1))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }
  closeSync(file)
}

/** Put a file system of this size under a directory of the daemon, keeping what is in there. */
async function shrink(w: World, dir: string, options: string): Promise<void> {
  const aside = `${dir}.aside`
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  await attempt('cp', ['-a', `${dir}/.`, aside])
  await run('mount', ['-t', 'tmpfs', '-o', `mode=0700,${options}`, 'tmpfs', dir])
  await attempt('cp', ['-a', `${aside}/.`, dir])
  w.onClose(() => attempt('umount', ['-l', dir]))
}

const rooted = { needsRoot: true }

conformance('case 39: a full disk refuses ADD, not DEL', rooted, async (w, t) => {
  const pods = [w.pod(), w.pod()] as const
  const told = []
  for (const pod of pods) told.push(await w.add(pod))
  await w.daemon.stop()
  await shrink(w, w.paths.stateDir, 'size=4m')
  await w.restart()
  const filler = join(w.paths.stateDir, 'filler')
  fill(filler)
  // A daemon may keep some room of its own for a few more; it ends before the pool does.
  let refused
  for (let i = 0; i < 200 && refused === undefined; i += 1) {
    const pod = w.pod()
    const add = await w.exec('ADD', pod)
    if (add.code === 0) await w.del(pod)
    else refused = add
  }
  t.match(errorOf(refused?.stdout ?? Buffer.alloc(0)), { code: 5, msg: /disk|space/i })
  for (const [i, pod] of pods.entries()) {
    t.same(await w.addressesHeld(pod), told[i], 'what is promised can be read')
    t.same(await w.add(pod), told[i], 'and told again')
    await w.runtime.check(w.list(), pod)
  }
  t.equal(codeOf(await w.exec('DEL', pods[0])), 0, 'DEL')
  rmSync(filler)
  await eventually('it recovers', async () => codeOf(await w.exec('ADD', w.pod())) === 0)
  await eventually('the DELs are done', async () => (await w.held()).length === 2)
  t.same(await w.addressesHeld(pods[0]), [])
  t.same(await w.addressesHeld(pods[1]), told[1])
  await w.daemon.kill()
  await w.restart()
  t.same(await w.addressesHeld(pods[1]), told[1], 'no half state on the disk')
  return 2
})

conformance('case 39: a full queue directory is said in so many words', rooted, async (w, t) => {
  const pods = [w.pod(), w.pod()] as const
  for (const pod of pods) await w.add(pod)
  await w.daemon.stop()
  await shrink(w, w.daemon.queue, 'size=16k')
  const filler = join(w.daemon.queue, '.filler')
  fill(filler)
  const rows = ['no room for its content', 'no room for its name']
  for (const what of rows) {
    const { code, message } = await failureFrom(w.del(pods[0]))
    t.equal(code, 5, `${what}: ${message}`)
    t.match(message, w.daemon.queue, 'the text names the directory')
    rmSync(filler, { force: true })
    await run('mount', ['-o', 'remount,size=16k,nr_inodes=1', w.daemon.queue])
  }
  await run('mount', ['-o', 'remount,size=1m,nr_inodes=100', w.daemon.queue])
  await w.del(pods[0])
  await w.restart()
  t.same(await w.addressesHeld(), ['10.9.0.3'])
  return 1
})

/** While the file named by FAULT is there, nothing can be made durable. */
const shim = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
static int faulty(void) {
  const char *path = getenv("FAULT");
  return path != NULL && access(path, F_OK) == 0;
}
static int pass(const char *name, int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  if (!faulty()) return real(fd);
  errno = EIO;
  return -1;
}
int fsync(int fd) { return pass("fsync", fd); }
int fdatasync(int fd) { return pass("fdatasync", fd); }
`

t.test('case 39: a disk that fails', async t => {
  if (!requirePrograms(t, 'a disk that fails', ['cc'])) return
  const dir = mkdtempSync(join(tmpdir(), 'orbweaver-shim-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  writeFileSync(join(dir, 'shim.c'), shim)
  const library = join(dir, 'shim.so')
  const fault = join(dir, 'fault')
  await run('cc', ['-shared', '-fPIC', '-o', library, join(dir, 'shim.c')])
  const env = { LD_PRELOAD: library, FAULT: fault }
  const w = await World.open({ env })
  t.teardown(() => w.close())
  const pod = w.pod()
  const told = await w.add(pod)
  writeFileSync(fault, '')
  const { code, message } = await failureFrom(w.add(w.pod()))
  t.equal(code, 5, message)
  const doomed = w.pod()
  t.equal(codeOf(await w.exec('DEL', doomed)), 0, 'DEL')
  t.same(await w.addressesHeld(pod), told, 'what is promised can be read')
  rmSync(fault)
  await eventually('it recovers', async () => codeOf(await w.exec('ADD', w.pod())) === 0)
  await w.daemon.kill()
  await w.restart()
  t.same(await w.addressesHeld(pod), told)
  await w.checkAlways(t, 2)
})

/** What can happen to a database while nobody looks. */
const damages: readonly [what: string, damage: (database: string) => void][] = [
  ['has no bytes', database => truncateSync(database, 0)],
  ['lost its second half', database => truncateSync(database, readFileSync(database).length / 2)],
  ['lost its last page', database => truncateSync(database, readFileSync(database).length - 4096)],
  ['is garbage', database => writeFileSync(database, Buffer.alloc(20_000, 'garbage'))],
  [
    'is garbage in the middle',
    database => {
      const content = readFileSync(database)
      writeFileSync(database, content.fill(0xa5, 4096))
    }
  ]
]

for (const [what, damage] of damages) {
  conformance(`case 42: a database that ${what} hands out nothing`, {}, async (w, t) => {
    const pods = [w.pod(), w.pod()] as const
    for (const pod of pods) await w.add(pod)
    t.equal(await w.daemon.stop(), 0)
    const database = join(w.paths.stateDir, 'orbweaver.db')
    copyFileSync(database, join(w.daemon.dir, 'good.db'))
    for (const suffix of ['-wal', '-shm']) rmSync(`${database}${suffix}`, { force: true })
    damage(database)
    await w.restart()
    const add = await failureFrom(w.add(w.pod()))
    t.equal(add.code, 113, add.message)
    t.match(add.message, 'orbweaver.db', 'the text names the file')
    t.ok(add.message.length > 80, 'and says what to do')
    const status = await failureFrom(w.runtime.status(w.list({ cniVersion: '1.1.0' })))
    t.equal(status.code, 51, status.message)
    t.equal(codeOf(await w.exec('DEL', pods[0])), 0, 'DEL')
    await w.daemon.stop()
    copyFileSync(join(w.daemon.dir, 'good.db'), database)
    await w.restart()
    await eventually('the DEL is not forgotten', async () => (await w.held()).length === 1)
    t.same(await w.addressesHeld(pods[1]), ['10.9.0.3'])
    return 1
  })
}

conformance('case 42: no database in a fresh directory is a fresh start', {}, async (w, t) => {
  t.same(await w.held(), [])
  t.same(await w.add(w.pod()), ['10.9.0.2'])
  return 1
})

t.setTimeout(300_000)
