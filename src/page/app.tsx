// The page as a whole: what is where, and the ways around for those who do not point.

import { ActorsPanel } from './actors-panel.tsx'
import { announcement } from './announce.ts'
import { EventsPanel } from './events/events-panel.tsx'
import { Header } from './header.tsx'
import { MeshPanel } from './mesh/mesh-panel.tsx'
import { AddressPanel } from './space/address-panel.tsx'
import { Selection } from './space/selection.tsx'
import { TrafficPanel } from './traffic/traffic-panel.tsx'

const places = [
  ['addresses', 'addresses'],
  ['mesh', 'mesh'],
  ['traffic', 'traffic'],
  ['events', 'events'],
  ['actors', 'actors']
] as const

export function App() {
  return (
    <>
      <nav class="skips" aria-label="Skip">
        {places.map(([id, name]) => (
          <a key={id} href={`#${id}`}>
            Skip to {name}
          </a>
        ))}
      </nav>
      <Header />
      <main>
        <AddressPanel />
        <div class="beside">
          <Selection />
          <MeshPanel />
          <TrafficPanel />
        </div>
        <EventsPanel />
        <ActorsPanel />
      </main>
      <p class="unseen" role="status" aria-live="polite">
        {announcement.value}
      </p>
    </>
  )
}
