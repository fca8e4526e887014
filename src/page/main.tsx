// Starts the page: what it shows, and what keeps it up to date.

import { effect } from '@preact/signals'
import { render } from 'preact'
import { App } from './app.tsx'
import { followEvents } from './events/event-log.ts'
import { followHearsay } from './mesh/hearsay.ts'
import { followHoldings } from './mesh/holdings.ts'
import { status, subnets, watchNode } from './node-state.ts'
import { followSpace, openSubnet, windows } from './space/open-space.ts'
import { followTheme } from './theme.ts'
import { followTraffic } from './traffic/traffic.ts'

followTheme()
watchNode()
followHoldings()
followHearsay()
followSpace()
followEvents()
followTraffic()

effect(() => {
  const [first] = subnets.value
  if (first !== undefined && windows.peek().length === 0) openSubnet(first)
})
effect(() => {
  const node = status.value?.node
  if (node !== undefined) document.title = `${node} · Orbweaver`
})

const root = document.querySelector('#page')
if (root !== null) render(<App />, root)
