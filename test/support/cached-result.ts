// One file of libcni's cache, as a runtime writes it after an ADD.

type Content = Record<string, unknown>

export function cached(
  containerId: string,
  addresses: readonly string[],
  more: Content = {},
  plugin: Content = {}
): Content {
  const ipam = { type: 'orbweaver' }
  const plugins = [{ type: 'macvlan', ipam, ...plugin }, { type: 'tuning' }]
  const list = { name: 'underlay', cniVersion: '1.0.0', plugins }
  return {
    kind: 'cniCacheV1',
    containerId,
    config: Buffer.from(JSON.stringify(list)).toString('base64'),
    ifName: 'eth0',
    networkName: 'underlay',
    cniArgs: [
      ['IgnoreUnknown', '1'],
      ['K8S_POD_NAME', 'web']
    ],
    result: { cniVersion: '1.0.0', ips: addresses.map(address => ({ address })) },
    ...more
  }
}
