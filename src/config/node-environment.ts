// What distinguishes one node from others where all of them read the same file, as the pods of a DaemonSet do:
// its name and its addresses, from the environment.

export interface NodeEnvironment {
  readonly nodeName?: string
  /** Where others reach this node; one of each family, or more. */
  readonly addresses: readonly string[]
}

interface WrittenMesh {
  readonly listen: readonly string[]
  readonly announce: readonly string[]
  readonly peers: readonly string[]
  /** Or the name of the node that is it. */
  readonly registrar: boolean | string
}

/** As the downward API gives them: `spec.nodeName`, and `status.hostIP` or `status.hostIPs`. */
export function readNodeEnvironment(env: NodeJS.ProcessEnv): NodeEnvironment {
  const nodeName = env['ORBWEAVER_NODE_NAME'] ?? ''
  const addresses = (env['ORBWEAVER_NODE_ADDRESS'] ?? '').split(',').map(text => text.trim())
  return {
    ...(nodeName !== '' && { nodeName }),
    addresses: addresses.filter(address => address !== '')
  }
}

/** What a mesh section that is the same for all nodes means on this one. */
export function placeMesh<Written extends WrittenMesh>(
  mesh: Written,
  nodeName: string,
  { addresses }: NodeEnvironment
): Omit<Written, 'registrar'> & { readonly registrar: boolean } {
  const { listen, registrar } = mesh
  const announce =
    mesh.announce.length > 0 || addresses.length === 0
      ? mesh.announce
      : listen.flatMap(address => reachable(address, addresses))
  return {
    ...mesh,
    announce,
    // Nobody is a peer of itself.
    peers: mesh.peers.filter(peer => ![...announce, ...listen].includes(peer)),
    registrar: typeof registrar === 'string' ? registrar === nodeName : registrar
  }
}

/** A wildcard is nothing that others could dial. */
function reachable(address: string, own: readonly string[]): string[] {
  const [, family, rest = ''] = /^\/(ip4\/0\.0\.0\.0|ip6\/::)(\/.*)$/.exec(address) ?? []
  if (family === undefined) return [address]
  const isV6 = family.startsWith('ip6')
  const fitting = own.filter(one => one.includes(':') === isV6)
  return fitting.map(one => `/${isV6 ? 'ip6' : 'ip4'}/${one}${rest}`)
}
