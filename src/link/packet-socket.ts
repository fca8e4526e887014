// A packet socket (packet(7)): whole frames of one interface, in and out.
//
// It is one for both families and all kinds of frames, since to close one takes the kernel some 15 ms; and it is
// closed by the main thread, so that this one need not wait for that.

import { assert } from '../core/assert.ts'
import { type Mac, macBytes, macToBytes } from '../core/link/mac.ts'
import {
  addressOf,
  bind,
  isForLater,
  recv,
  send,
  setsockopt,
  socket,
  succeed
} from '../kernel/libc.ts'

/** bits/socket.h. */
const [afPacket, raw, nonBlocking, closeOnExec] = [17, 3, 0o4000, 0o2000000]
const [solSocket, attachFilter] = [1, 26]
/** linux/if_packet.h and linux/if_ether.h. */
const [solPacket, addMembership, ignoreOutgoing, groupMembership] = [263, 1, 23, 0]
const everyProtocol = 3
const [addressBytes, membershipBytes, instructionBytes] = [20, 16, 8]

/** Longer frames arrive cut off and say nothing. */
const buffer = Buffer.alloc(2048)

/** In the namespace of the moment; hears nothing yet. */
export function openPacketSocket(): number {
  return succeed('socket', socket(afPacket, raw | nonBlocking | closeOnExec, 0))
}

/** From now on frames of this interface arrive that the filter lets through. */
export function listenOn(fd: number, index: number, filter: Buffer): void {
  const program = Buffer.alloc(16)
  program.writeUInt16LE(filter.length / instructionBytes, 0)
  program.writeBigUInt64LE(addressOf(filter), 8)
  succeed('filter', setsockopt(fd, solSocket, attachFilter, program, program.length))
  const yes = Buffer.from([1, 0, 0, 0])
  // Kernels before 4.20 do not know it, and the filter drops these frames as well.
  setsockopt(fd, solPacket, ignoreOutgoing, yes, yes.length)
  bindTo(fd, index, everyProtocol)
}

/** Only to send: no frame ever arrives. */
export function bindTo(fd: number, index: number, protocol = 0): void {
  const address = Buffer.alloc(addressBytes)
  address.writeUInt16LE(afPacket, 0)
  address.writeUInt16BE(protocol, 2)
  address.writeInt32LE(index, 4)
  succeed('bind', bind(fd, address, address.length))
}

/** The interface takes frames to this group, as long as the socket is open. */
export function joinGroup(fd: number, index: number, group: Mac): void {
  const membership = Buffer.alloc(membershipBytes)
  membership.writeInt32LE(index, 0)
  membership.writeUInt16LE(groupMembership, 4)
  membership.writeUInt16LE(macBytes, 6)
  membership.set(macToBytes(group), 8)
  succeed('membership', setsockopt(fd, solPacket, addMembership, membership, membership.length))
}

/** False: not now, because the queue is full or a signal came. Throws `SystemFailure` for all else. */
export function sendFrame(fd: number, frame: Uint8Array): boolean {
  const sent = send(fd, frame, frame.length, 0)
  if (sent < 0 && isForLater()) return false
  assert(succeed('send', sent) === frame.length, 'a frame is sent whole or not at all')
  return true
}

/** The next frame, of which nothing may be kept; undefined when there is none now. Throws `SystemFailure`. */
export function receiveFrame(fd: number): Uint8Array | undefined {
  const length = recv(fd, buffer, buffer.length, 0)
  if (length < 0 && isForLater()) return undefined
  return buffer.subarray(0, succeed('recv', length))
}
