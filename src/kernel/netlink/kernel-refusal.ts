// What the kernel says when it does not do as it is told: a number, and since Linux 4.12 often a sentence.

import { getSystemErrorMessage, getSystemErrorName } from 'node:util'
import { aligned, headerBytes } from './alignment.ts'
import { Attributes, fixedPart, MalformedMessageError, type Message } from './message-reader.ts'

/** Bits in the flags of NLMSG_ERROR, and NLMSGERR_ATTR_MSG. */
const [capped, hasAttributes] = [0x100, 0x200]
const attributeMessage = 1

/** `code` is e.g. EEXIST; the message has the kernel's own sentence where there is one. */
export class KernelRefusal extends Error {
  readonly code: string

  constructor(errno: number, sentence: string | undefined) {
    const code = getSystemErrorName(-errno)
    super(`${sentence ?? getSystemErrorMessage(-errno)} (${code})`)
    this.name = new.target.name
    this.code = code
  }
}

export function isRefusal(error: unknown, ...codes: readonly string[]): error is KernelRefusal {
  return error instanceof KernelRefusal && codes.includes(error.code)
}

/** Of NLMSG_ERROR; 0 when it says that all is well. */
export function errnoIn(message: Message): number {
  return -message.buffer.readInt32LE(fixedPart(message, 4 + headerBytes))
}

/** Of NLMSG_ERROR; undefined when it says that all is well. */
export function refusalIn(message: Message): KernelRefusal | undefined {
  const { buffer, flags, end } = message
  const at = fixedPart(message, 4 + headerBytes)
  const errno = errnoIn(message)
  if (errno === 0) return undefined
  if ((flags & hasAttributes) === 0) return new KernelRefusal(errno, undefined)
  const told = (flags & capped) === 0 ? buffer.readUInt32LE(at + 4) : headerBytes
  const start = at + 4 + aligned(told)
  return new KernelRefusal(errno, sentenceIn(message, Math.min(start, end)))
}

/** Of NLMSG_DONE, which ends a list, also one that was broken off. */
export function refusalAtEnd(message: Message): KernelRefusal | undefined {
  const { start } = message
  const errno = errnoAtEnd(message)
  return errno > 0 ? new KernelRefusal(errno, sentenceIn(message, start + 4)) : undefined
}

/** Of NLMSG_DONE; 0 when the list was told to its end. */
export function errnoAtEnd({ buffer, start, end }: Message): number {
  return end - start >= 4 ? -buffer.readInt32LE(start) : 0
}

function sentenceIn({ buffer, end }: Message, start: number): string | undefined {
  try {
    return new Attributes(buffer, start, end).text(attributeMessage)
  } catch (error) {
    // The number is enough.
    if (error instanceof MalformedMessageError) return undefined
    throw error
  }
}
