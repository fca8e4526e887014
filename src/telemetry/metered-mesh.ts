// A mesh whose messages are counted by what they are.

import type { Mesh } from '../ports/mesh.ts'
import type { Counters } from './counters.ts'

/** `counters` have the labels `protocol` and `direction`. */
export function meterMesh(mesh: Mesh, counters: Counters): Mesh {
  const sent = (protocol: string) => counters.add([protocol, 'sent'])
  const received = (protocol: string) => counters.add([protocol, 'received'])
  return {
    peer: mesh.peer,
    addresses: () => mesh.addresses(),
    listen: ({ onMessage, onRumour, onReachable, onAsked }) =>
      mesh.listen({
        onMessage: (peer, envelope) => {
          received(envelope.body.type)
          onMessage(peer, envelope)
        },
        onRumour: (peer, envelope) => {
          received(envelope.body.type)
          onRumour(peer, envelope)
        },
        onReachable,
        onAsked: (peer, question, subject) => {
          received(`ask-${subject}`)
          return onAsked(peer, question, subject)
        }
      }),
    send: (peer, envelope) => {
      sent(envelope.body.type)
      mesh.send(peer, envelope)
    },
    ask: (peer, question, subject) => {
      sent(`ask-${subject}`)
      return mesh.ask(peer, question, subject)
    },
    setCluster: cluster => mesh.setCluster(cluster),
    publish: envelope => {
      sent(envelope.body.type)
      mesh.publish(envelope)
    },
    learn: whereabouts => mesh.learn(whereabouts)
  }
}
