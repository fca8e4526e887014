// From a place to a socket on its link: the pod's own interface or, where that cannot be, the host's.

import { type Interface, driverOf, readInterface, setUp } from './interface.ts'
import { HomeLostError, visit } from '../kernel/namespace.ts'
import { Obstacle, obstacleOnEntering } from './obstacle.ts'
import { openPacketSocket } from './packet-socket.ts'
import type { LinkPlace } from '../ports/link-prober.ts'

export interface OpenLink {
  readonly fd: number
  readonly name: string
  readonly interface: Interface
}

/** What this thread works with. */
export interface Surroundings {
  /** The file of the namespace that it lives in, the host's. */
  readonly home: number
  /** Called with every socket as soon as it is there; whoever hears it closes it. */
  opened(fd: number): void
}

/** The pod's interface, set up. Throws `Obstacle`, `SystemFailure` and `HomeLostError`. */
export function openPodLink(place: LinkPlace, around: Surroundings): OpenLink {
  const fd = openInside(place.netns, around)
  const found = readInterface(fd, place.ifname)
  if (found === undefined) {
    throw new Obstacle('NoInterface', `there is no ${place.ifname} in ${place.netns}`)
  }
  return suited({ fd, name: place.ifname, interface: found })
}

/**
 * As `openPodLink`, but from `master` when the pod's interface is not there or would not hear the answers: those
 * to a question without a sender's address are not for any ipvlan of its master, so the master keeps them.
 */
export function openAskingLink(
  place: LinkPlace & { readonly master?: string },
  around: Surroundings
): OpenLink {
  const { netns, ifname, master } = place
  const fd = openInside(netns, around)
  const found = readInterface(fd, ifname)
  if (found !== undefined && driverOf(fd, ifname) !== 'ipvlan') {
    return suited({ fd, name: ifname, interface: found })
  }
  if (found?.isAsking === false) throw unsuited(ifname)
  if (master !== undefined) return openHostLink(master, around)
  if (found === undefined) throw new Obstacle('NoInterface', `there is no ${ifname} in ${netns}`)
  throw new Obstacle('Unsuited', `${ifname} is an ipvlan, and its master is not known`)
}

function openInside(netns: string, { home, opened }: Surroundings): number {
  try {
    return visit(netns, home, () => {
      const fd = openPacketSocket()
      opened(fd)
      return fd
    })
  } catch (error) {
    throw error instanceof HomeLostError ? error : obstacleOnEntering(netns, error)
  }
}

/** Whoever set the host's interface down meant it. */
function openHostLink(master: string, { opened }: Surroundings): OpenLink {
  const fd = openPacketSocket()
  opened(fd)
  const found = readInterface(fd, master)
  if (found === undefined) throw new Obstacle('NoInterface', `there is no ${master} on the host`)
  if (!found.isAsking) throw unsuited(master)
  if (!found.isRunning) throw new Obstacle('Down', `${master} of the host is down`)
  return { fd, name: master, interface: found }
}

function suited(link: OpenLink): OpenLink {
  if (!link.interface.isAsking) throw unsuited(link.name)
  if (!link.interface.isUp) setUp(link.fd, link.name)
  return link
}

function unsuited(name: string): Obstacle {
  return new Obstacle('Unsuited', `${name} cannot ask its link who has an address`)
}
