// What the kernel says of an interface, and setting it up: ioctl(2) on a socket of its namespace (netdevice(7)).

import { type Mac, macFromBytes } from '../core/link/mac.ts'
import { errorCodeOf } from '../core/error-text.ts'
import { addressOf, ioctl, succeed } from '../kernel/libc.ts'

export interface Interface {
  readonly index: number
  readonly mac: Mac
  readonly isUp: boolean
  /** Up, with a carrier and ready to send. */
  readonly isRunning: boolean
  /** It can ask its link who has an address. */
  readonly isAsking: boolean
}

/** linux/sockios.h. */
const requests = {
  flags: 0x8913,
  setFlags: 0x8914,
  hardware: 0x8927,
  index: 0x8933,
  ethtool: 0x8946
} as const

/** linux/if.h and linux/if_arp.h. */
const [up, loopback, running, noArp] = [0x1, 0x8, 0x40, 0x80]
const ethernetHardware = 1

/** struct ifreq: the name with its terminating zero, then a value of the kind that is asked for. */
const [ifreqBytes, nameBytes] = [40, 16]
/** struct ethtool_drvinfo of linux/ethtool.h: a command, then the name of the driver. */
const [driverInfoBytes, driverNameBytes, getDriverInfo] = [196, 32, 3]

/** Undefined when there is no such interface. */
export function readInterface(socket: number, name: string): Interface | undefined {
  if (name === '' || Buffer.byteLength(name) >= nameBytes) return undefined
  try {
    const index = ask(socket, requests.index, name).readInt32LE(nameBytes)
    const hardware = ask(socket, requests.hardware, name)
    const flags = readFlags(socket, name)
    const isEthernet = hardware.readUInt16LE(nameBytes) === ethernetHardware
    return {
      index,
      mac: macFromBytes(hardware.subarray(nameBytes + 2, nameBytes + 8)),
      isUp: (flags & up) !== 0,
      isRunning: (flags & running) !== 0,
      isAsking: isEthernet && (flags & (loopback | noArp)) === 0
    }
  } catch (error) {
    if (errorCodeOf(error) === 'ENODEV') return undefined
    throw error
  }
}

export function isRunning(socket: number, name: string): boolean {
  return (readFlags(socket, name) & running) !== 0
}

export function setUp(socket: number, name: string): void {
  const request = ifreq(name)
  request.writeUInt16LE(readFlags(socket, name) | up, nameBytes)
  succeed(`setting ${name} up`, ioctl(socket, requests.setFlags, request))
}

/** Empty when it does not say. */
export function driverOf(socket: number, name: string): string {
  const info = Buffer.alloc(driverInfoBytes)
  info.writeUInt32LE(getDriverInfo, 0)
  const request = ifreq(name)
  request.writeBigUInt64LE(addressOf(info), nameBytes)
  if (ioctl(socket, requests.ethtool, request) < 0) return ''
  return info.toString('latin1', 4, 4 + driverNameBytes).replace(/\0.*$/s, '')
}

function readFlags(socket: number, name: string): number {
  return ask(socket, requests.flags, name).readUInt16LE(nameBytes)
}

function ask(socket: number, request: number, name: string): Buffer {
  const answer = ifreq(name)
  succeed(`looking at ${name}`, ioctl(socket, request, answer))
  return answer
}

function ifreq(name: string): Buffer {
  const request = Buffer.alloc(ifreqBytes)
  request.write(name)
  return request
}
