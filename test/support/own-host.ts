// Imported before everything else, this gives a test file a machine of its own: the file starts again
// in new network, mount and PID namespaces, where /run is empty, /etc and /var/lib are private copies
// and the only link is lo. Runtimes then use their usual places, and nothing reaches the real host.
//
// The kernel cleans up: when the test ends, is killed, or whoever started it dies, every process goes
// with the PID namespace, and links, mounts and files with the others. The shell stays as process 1,
// since somebody has to reap what runtimes leave behind, and takes down the control groups last.

import { cgroupOf, sweepCgroups } from './cgroup.ts'
import { mayMakeNamespaces } from './privilege.ts'

const marker = 'ORBWEAVER_OWN_HOST'
const pid = process.env[marker]

/** Without the privilege this is false, and the suite has to leave itself out. */
export const hasOwnHost = pid !== undefined

/** For `--cgroup-parent` and its like. */
export const cgroup = cgroupOf(pid ?? process.pid)

const host = `
set -e
mount -t tmpfs -o mode=0755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mkdir -p -m 0700 /run/tmp
for dir in /etc /var/lib; do
  layers=/run/own-host$dir
  mkdir -p $layers/upper $layers/work
  mount -t overlay -o lowerdir=$dir,upperdir=$layers/upper,workdir=$layers/work overlay $dir
done
ip link set lo up
set +e
"$@"
status=$?
for attempt in 1 2 3 4 5 6 7 8 9 10; do
  kill -9 -1
  groups=$(find /sys/fs/cgroup -maxdepth 2 -type d -name ${cgroupOf(process.pid)})
  test -z "$groups" && break
  find $groups -depth -type d -exec rmdir {} + && break
  sleep 0.1
done 2>/dev/null
exit $status`

if (!hasOwnHost && mayMakeNamespaces() && process.execve !== undefined) {
  sweepCgroups()
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  process.execve(
    '/usr/bin/env',
    ['env', 'setpriv', '--pdeathsig', 'KILL', 'unshare', ...namespaces]
      .concat(['sh', '-c', host, 'sh'])
      .concat(again),
    { ...process.env, [marker]: String(process.pid), TMPDIR: '/run/tmp' }
  )
}
