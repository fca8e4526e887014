// How large what nodes say to one another may be. A peer holds the key of the cluster, but may have a bug:
// whatever it sends, this node keeps its memory and its time.

/** One message with all of its runs: 4,096 runs of IPv6 with a tail of usual length fit. */
export const frameBytesMax = 1024 * 1024

/** Runs in one message; a longer list is sent in several. */
export const runsPerMessageMax = 4096

/** Writers in one summary; a cluster of more members is not foreseen. */
export const marksPerMessageMax = 16_384

/** Contested addresses in one message: each one is an alarm, so there are few. */
export const contestsPerMessageMax = 1024

/** Ranges with live pods in one message. */
export const rangesPerMessageMax = 16_384

/** Domains in one message: subnets of a cluster. */
export const domainsPerMessageMax = 4096

/** Pools of one domain in one rumour. */
export const poolsPerDomainMax = 256

/** Donors that a refusal names. */
export const referralsMax = 64

/** Members that a welcome names. */
export const whereaboutsMax = 4096

/** Multiaddresses of one node. */
export const addressesPerNodeMax = 16

/** Bytes of a register that this release does not read, in hexadecimal digits. */
export const tailDigitsMax = 512

/** Lengths of texts, in UTF-16 units. */
export const textMax = {
  /** A word of the protocol: the type of a message, a reason. */
  word: 32,
  /** A subnet in CIDR notation. */
  domain: 64,
  /** Names of Kubernetes are at most this long. */
  name: 253,
  peer: 128,
  multiaddress: 512,
  /** Network, container, interface. */
  holder: 2048
} as const

/** A rumour with its signature; what says more belongs into anti-entropy. */
export const rumourBytesMax = 64 * 1024

/** A question to the registry or its answer. */
export const questionBytesMax = 512 * 1024
