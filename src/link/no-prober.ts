// Nobody asks the link: where nothing is to be looked for.

import type { LinkProber } from '../ports/link-prober.ts'

export const noProber: LinkProber = {
  probe: () =>
    Promise.resolve({
      type: 'NotPossible',
      why: 'Closed',
      detail: 'nobody asks the link here'
    }),
  announce: () => Promise.resolve(),
  close: () => Promise.resolve()
}
