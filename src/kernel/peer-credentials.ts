// Who is at the other end of a Unix socket (SO_PEERCRED, unix(7)): the process that connected, and the person whose login
// it descends from, where the system keeps account of that (proc(5), loginuid).

import { readFileSync } from 'node:fs'
import { getsockopt, succeed } from './libc.ts'

const [SOL_SOCKET, SO_PEERCRED] = [1, 17]
/** pid, uid and gid. */
const ucredBytes = 12
/** Nobody logged in for it. */
const noLogin = 0xffff_ffff

export interface PeerCredentials {
  readonly pid: number
  readonly uid: number
  /** Absent where nobody logged in: a service, a container. */
  readonly loginUid?: number
  /** As the process calls itself; whoever runs it chooses that. */
  readonly program?: string
}

/** Throws SystemFailure for what is no Unix socket. */
export function peerCredentials(fd: number): PeerCredentials {
  const credentials = Buffer.alloc(ucredBytes)
  const size = Buffer.alloc(4)
  size.writeUInt32LE(ucredBytes)
  succeed('getsockopt SO_PEERCRED', getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, size))
  const [pid, uid] = [credentials.readUInt32LE(0), credentials.readUInt32LE(4)]
  const loginUid = Number(ofProcess(pid, 'loginuid') ?? noLogin)
  const program = ofProcess(pid, 'comm')
  return {
    ...{ pid, uid },
    ...(loginUid !== noLogin && { loginUid }),
    ...(program !== undefined && { program })
  }
}

/** Undefined when it is over by now. */
function ofProcess(pid: number, file: 'loginuid' | 'comm'): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').trim()
  } catch {
    return undefined
  }
}
