// The real daemon on a mesh that works by half. What of it does not work stands in a file beside the state directory,
// which is read again at SIGUSR2: `rumours`, `streams`, or `Taken` for messages of this type. The log tells what was
// said or heard a second time, so that a test knows that it was.

import { existsSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readConfig } from '../../src/config/daemon-config.ts'
import type { Envelope } from '../../src/core/protocol.ts'
import { runDaemon } from '../../src/daemon.ts'
import { Libp2pMesh } from '../../src/mesh/libp2p-mesh.ts'

const { values } = parseArgs({ options: { config: { type: 'string' } }, allowPositionals: true })
const config = readConfig(values.config ?? '')

const file = `${config.stateDir}.mesh`
let broken = ''
let hasHeardRumour = false
function look(): void {
  broken = existsSync(file) ? readFileSync(file, 'utf8') : ''
  hasHeardRumour = false
  console.log(`half-mesh without ${broken}`)
}
look()
process.on('SIGUSR2', look)

const once = new Set<string>()

function note(what: 'said' | 'heard', peer: string, { body }: Envelope): void {
  const name =
    body.type === 'Ask' ? `Ask ${body.id}` : body.type === 'Grant' ? `Grant ${body.wctr}` : ''
  if (name === '') return
  const key = `${what} ${name} ${peer}`
  if (once.has(key)) console.log(`half-mesh ${what} ${name} again`)
  once.add(key)
}

const { listen, publish, send } = Libp2pMesh.prototype

Libp2pMesh.prototype.listen = function (listener) {
  listen.call(this, {
    onReachable: (peer, reachable) => listener.onReachable(peer, reachable),
    onAsked: (peer, question, subject) => listener.onAsked(peer, question, subject),
    onMessage: (peer, envelope) => {
      note('heard', peer, envelope)
      listener.onMessage(peer, envelope)
    },
    onRumour: (peer, envelope) => {
      if (!hasHeardRumour) console.log('half-mesh heard a rumour')
      hasHeardRumour = true
      listener.onRumour(peer, envelope)
    }
  })
}

Libp2pMesh.prototype.publish = function (envelope) {
  if (broken !== 'rumours') publish.call(this, envelope)
}

Libp2pMesh.prototype.send = function (peer, envelope) {
  if (broken === 'streams' || broken === envelope.body.type) return
  note('said', peer, envelope)
  send.call(this, peer, envelope)
}

process.exitCode = await runDaemon(config)
