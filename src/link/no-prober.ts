// Nobody asks the link: where nothing is to be looked for.

import type { LinkParts } from '../ports/link-prober.ts'

export const noLink: LinkParts = {
  policy: { conflict: false, gateway: false, budgetMs: 0 },
  prober: {
    probe: () =>
      Promise.resolve({ type: 'NotPossible', why: 'Closed', detail: 'nobody asks the link here' }),
    announce: () => Promise.resolve(),
    close: () => Promise.resolve()
  }
}
