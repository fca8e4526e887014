// A command line without a process around it: what it writes is kept, and its node is a socket of the test.

import type { Places, Surroundings } from '../../src/cli/orb.ts'
import { runOrb } from '../../src/cli/program.ts'

export interface Said {
  readonly status: number
  readonly out: string
  readonly err: string
}

const nowhere: Places = {
  configFile: undefined,
  nodeName: 'n1',
  stateDir: '/nonexistent/state',
  socket: '/nonexistent/cni.sock',
  adminSocket: '/nonexistent/admin.sock',
  queueDir: '/nonexistent/queue',
  poolDirs: [],
  keyFile: undefined,
  settings: {}
}

export function silentSurroundings(over: Partial<Surroundings> = {}): Surroundings {
  return {
    program: 'orb',
    release: '1.2.3',
    terminal: { out: () => {}, err: () => {}, isInteractive: false, columns: 80 },
    socketOf: ({ socket }) => Promise.resolve(socket ?? nowhere.adminSocket),
    placesOf: () => Promise.resolve(nowhere),
    ...over
  }
}

/** Run a command line against this admin socket. */
export async function orb(
  socketPath: string,
  args: readonly string[],
  places: Partial<Places> = {}
): Promise<Said> {
  let [out, err] = ['', '']
  const status = await runOrb(
    args,
    silentSurroundings({
      terminal: {
        ...{ isInteractive: false, columns: 80 },
        out: text => void (out += text),
        err: text => void (err += text)
      },
      socketOf: ({ socket }) => Promise.resolve(socket ?? socketPath),
      placesOf: () => Promise.resolve({ ...nowhere, adminSocket: socketPath, ...places })
    })
  )
  return { status, out, err }
}
