// The last events, newest first; they can be searched, sorted out and held still.

import {
  filterText,
  hiddenKinds,
  isPaused,
  kindOf,
  kinds,
  listed,
  type NodeEvent,
  toggleKind,
  togglePause,
  unseen
} from './event-log.ts'
import { shortIds } from '../space/words.ts'

/** A list that is longer makes the page slow; what is looked for is found by the filter. */
const shownMax = 150

export function EventsPanel() {
  return (
    <section class="panel events" aria-labelledby="events-title" id="events">
      <header>
        <h2 id="events-title">Events</h2>
        <div class="tools">
          {kinds.map(kind => (
            <button
              key={kind}
              type="button"
              class="chip"
              aria-pressed={!hiddenKinds.value.has(kind)}
              onClick={() => toggleKind(kind)}
            >
              {kind}
            </button>
          ))}
          <input
            type="search"
            placeholder="Filter"
            aria-label="Filter events"
            value={filterText.value}
            onInput={({ currentTarget }) => (filterText.value = currentTarget.value)}
          />
          <button type="button" class="chip" aria-pressed={isPaused.value} onClick={togglePause}>
            {isPaused.value ? `paused, ${unseen.value} new` : 'pause'}
          </button>
        </div>
      </header>
      <div class="scroll" tabIndex={0} role="region" aria-label="List of events">
        <ol class="event-list">
          {listed.value.slice(0, shownMax).map(event => (
            <Row key={event.seq} event={event} />
          ))}
        </ol>
        {listed.value.length === 0 ? <p class="quiet">Nothing yet.</p> : null}
      </div>
    </section>
  )
}

function Row({ event: { at, type, text } }: { readonly event: NodeEvent }) {
  return (
    <li class={`event ${kindOf(type)}`}>
      <time dateTime={at}>{new Date(at).toTimeString().slice(0, 8)}</time>
      <span class="event-type">{type.replace(/(?<=.)([A-Z])/g, ' $1').toLowerCase()}</span>
      <span class="event-text" title={text}>
        {shortIds(text)}
      </span>
    </li>
  )
}
