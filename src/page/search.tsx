// Looks for an address or a pod and jumps to its cell.

import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { parseAddress } from '../core/address.ts'
import { announce } from './announce.ts'
import { get } from './answers.ts'
import { subnets } from './node-state.ts'
import { jumpTo } from './space/open-space.ts'
import { numberOf, windowOf } from './space/space.ts'

const foundMax = 8

interface Found {
  readonly subnet: string
  readonly address: string
  readonly what: string
}

export function Search() {
  const text = useSignal('')
  const found = useSignal<readonly Found[]>([])
  const trouble = useSignal('')
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof HTMLInputElement
      if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey) return
      event.preventDefault()
      input.current?.focus()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
  const go = ({ subnet, address }: Found) => {
    found.value = []
    jumpTo(subnet, numberOf(address))
    document.querySelector('#addresses')?.scrollIntoView({ block: 'nearest' })
    announce(`Showing ${address}`)
  }
  const submit = async (event: Event) => {
    event.preventDefault()
    trouble.value = ''
    try {
      const results = await look(text.value.trim())
      const [only] = results
      if (only !== undefined && results.length === 1) go(only)
      else found.value = results
    } catch (error) {
      found.value = []
      trouble.value = error instanceof Error ? error.message : String(error)
    }
  }
  return (
    <search>
      <form onSubmit={event => void submit(event)}>
        <label for="search" class="unseen">
          Address or pod
        </label>
        <input
          id="search"
          ref={input}
          type="search"
          autocomplete="off"
          spellcheck={false}
          placeholder="Address or pod"
          value={text.value}
          aria-describedby="search-trouble"
          onInput={({ currentTarget }) => {
            text.value = currentTarget.value
            trouble.value = ''
          }}
          onKeyDown={({ key }) => key === 'Escape' && (found.value = [])}
        />
        <kbd aria-hidden="true">/</kbd>
      </form>
      <p id="search-trouble" class="search-trouble" role="status">
        {trouble.value}
      </p>
      {found.value.length === 0 ? null : (
        <ul class="found">
          {found.value.map(one => (
            <li key={one.address}>
              <button type="button" onClick={() => go(one)}>
                <span class="mono">{one.address}</span> {one.what}
              </button>
            </li>
          ))}
        </ul>
      )}
    </search>
  )
}

/** Rejects with a sentence when there is nothing. */
async function look(text: string): Promise<readonly Found[]> {
  if (text === '') throw new Error('Write an address, or the name of a pod.')
  const address = parseAddress(text)
  if (address !== undefined) {
    const subnet = subnets.peek().find(one => {
      const { start, end } = windowOf(one)
      return address >= start && address < end
    })
    if (subnet === undefined) throw new Error(`${text} is in no subnet of this node.`)
    return [{ subnet, address: text, what: '' }]
  }
  const { addresses } = await get('/v1/addresses', { pod: text, limit: String(foundMax) })
  if (addresses.length === 0) throw new Error(`No pod of this node is called ${text}.`)
  return addresses.map(({ first, subnet, pod = '', state }) => {
    return { subnet, address: first, what: `${pod} ${state}` }
  })
}
