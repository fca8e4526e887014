// Which link of the host an interface is made from, and the addresses of that one: pools may have to match it.

import type { ParentLink } from '../core/selection/parent-link.ts'

export interface ParentLinks {
  /** The physical function behind a virtual one, by its PCI address. At once: it is on the way of an ADD. */
  ofDevice(device: string): ParentLink

  /** A link by its name. */
  named(link: string): ParentLink
}
