// A browser that looks at a node's page: Debian's Chromium without a screen, with a profile of its own, and every
// request that it makes on record.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'

export const program = '/usr/bin/chromium'

/** Nothing but what the page asks for: no updates, no services, no first steps. */
const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-domain-reliability',
  '--disable-breakpad'
]

export interface Opened {
  readonly page: Page
  readonly context: BrowserContext
  /** Every URL that was asked for. */
  readonly requests: readonly string[]
  /** What the page itself complained about. */
  readonly complaints: readonly string[]
}

export interface BrowserOptions {
  /** The network namespace that it lives in. */
  readonly netns?: string
  readonly viewport?: { readonly width: number; readonly height: number }
  readonly colorScheme?: 'light' | 'dark'
}

/** Open the page at `url` until the test ends. */
export async function look(t: Test, url: string, options: BrowserOptions = {}): Promise<Opened> {
  const { netns, viewport = { width: 1440, height: 900 }, colorScheme = 'light' } = options
  const directory = mkdtempSync(join(tmpdir(), 'ow-page-'))
  const executablePath = netns === undefined ? program : wrapped(directory, netns)
  const context = await chromium.launchPersistentContext(join(directory, 'profile'), {
    ...{ executablePath, args, viewport, colorScheme, chromiumSandbox: false },
    // Where tests run there is no bus and no home.
    env: { ...process.env, HOME: directory, DBUS_SESSION_BUS_ADDRESS: 'disabled:' }
  })
  t.teardown(async () => {
    await context.close()
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  })
  const page = context.pages()[0] ?? (await context.newPage())
  const requests: string[] = []
  const complaints: string[] = []
  context.on('request', request => requests.push(request.url()))
  page.on('pageerror', error => complaints.push(error.message))
  page.on('console', message => {
    const { url } = message.location()
    // What is not answered is the business of the tests that stop daemons.
    if (message.text().startsWith('Failed to load resource')) return
    if (['error', 'warning'].includes(message.type())) complaints.push(`${url}: ${message.text()}`)
  })
  page.on('response', response => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`)
  })
  await page.goto(url)
  return { page, context, requests, complaints }
}

/** playwright starts one program; this one enters the namespace first. */
function wrapped(directory: string, netns: string): string {
  const script = join(directory, 'chromium')
  writeFileSync(script, `#!/bin/sh\nexec nsenter --net=${netns} ${program} "$@"\n`)
  chmodSync(script, 0o700)
  return script
}
