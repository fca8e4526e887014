// The wire between machines of a test: a bridge in the test's own namespace, which is on it too, as whoever probes
// and pings.

import { Netns } from '../support/netns.ts'

const network = '10.77.0'
const bridge = 'wire'

export class Segment implements AsyncDisposable {
  static async make(): Promise<Segment> {
    const segment = new Segment()
    await segment.here.addBridge(bridge)
    await segment.here.addAddress(bridge, `${network}.254/24`)
    return segment
  }

  readonly here = Netns.here()

  address(machine: number): string {
    return `${network}.${machine}`
  }

  /** The namespace of a machine, with eth0 on the wire. */
  async plug(machine: number): Promise<Netns> {
    const netns = await Netns.make()
    const port = `port${machine}`
    await netns.connect('eth0', this.here, port)
    await this.here.ip('link', 'set', port, 'master', bridge)
    await netns.addAddress('eth0', `${this.address(machine)}/24`)
    return netns
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.here.ip('link', 'delete', bridge)
  }
}
