// RTAX_* of linux/rtnetlink.h that are numbers, in their order, by the names of ip-route(8).

import type { MetricName } from '../view.ts'

export const metricNames: readonly (MetricName | undefined)[] = [
  undefined,
  'lock',
  'mtu',
  'window',
  'rtt',
  'rttvar',
  'ssthresh',
  'cwnd',
  'advmss',
  'reordering',
  'hoplimit',
  'initcwnd',
  'features',
  'rto_min',
  'initrwnd',
  'quickack'
]
