// A node in a process of its own, which a test stops or kills. Its peers are its arguments.

import { createMesh } from '../../src/mesh/create-mesh.ts'
import { Listener, optionsOf } from './nodes.ts'

const mesh = await createMesh(optionsOf({ peers: process.argv.slice(2) }))
mesh.listen(new Listener())
setInterval(() => {}, 1000)
