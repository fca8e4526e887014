// The pool of a daemon that nobody has configured yet, so that a first try works as it is.

import type { PoolDocument, PoolSource } from '../ports/pool-source.ts'

/** A private /24 (RFC 1918) at the end of what Docker takes by itself, outside kubeadm's defaults; .1 routes. */
const samplePool: PoolDocument = {
  kind: 'SpiderIPPool',
  name: 'sample',
  spec: {
    subnet: '172.31.248.0/24',
    ips: ['172.31.248.2-172.31.248.254'],
    gateway: '172.31.248.1',
    default: true
  },
  source: 'embedded sample'
}

export function createSamplePool(): PoolSource {
  return {
    read: () => Promise.resolve({ documents: [samplePool], problems: [], skipped: [] }),
    watch: () => () => {}
  }
}
