// What every Prometheus client says of its process, under the usual names.

import { type Metric, one } from './metric.ts'

export const processMetrics: readonly Metric[] = [
  {
    ...{ name: 'process_cpu_seconds_total', type: 'counter', labels: [] },
    help: 'Time of the processor, user and system',
    read: ({ process }) => one(process.cpuSeconds)
  },
  {
    ...{ name: 'process_resident_memory_bytes', type: 'gauge', labels: [] },
    help: 'Resident memory',
    read: ({ process }) => one(process.residentBytes)
  },
  {
    ...{ name: 'process_start_time_seconds', type: 'gauge', labels: [] },
    help: 'When the process was started, in seconds since 1970',
    read: ({ process }) => one(process.startedAt)
  },
  {
    ...{ name: 'nodejs_heap_size_used_bytes', type: 'gauge', labels: [] },
    help: 'Heap in use',
    read: ({ process }) => one(process.heapBytes)
  }
]
