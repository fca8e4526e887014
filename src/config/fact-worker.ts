// A thread that reads files of Kubernetes objects one after the other and ends: parsing 1 MiB of YAML takes a second
// and 100 MB, and pods are waiting for the thread that serves them.

import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '../core/error-text.ts'
import { formatOf, readBoundedText } from './bounded-text.ts'
import { type FactReading, readFactText } from './fact-text.ts'

export interface FactFile {
  readonly path: string
  /** What people call it. */
  readonly label: string
}

/** Some 5,000 pods as kubectl prints them. */
const jsonBytesMax = 64 * 1_048_576
/** YAML takes a hundred times the time and ten times the memory: some 400 pods. */
const yamlBytesMax = 2 * 1_048_576

async function readFactFile({ path, label }: FactFile): Promise<FactReading> {
  const format = formatOf(path)
  try {
    const text = await readBoundedText(path, format === 'json' ? jsonBytesMax : yamlBytesMax)
    return readFactText({ text, format, label })
  } catch (error) {
    return { objects: [], problems: [`${label}: ${messageOf(error)}`], isPartial: true }
  }
}

for (const file of workerData as readonly FactFile[]) {
  parentPort?.postMessage(await readFactFile(file))
}
