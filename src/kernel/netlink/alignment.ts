// The sizes that all messages share (linux/netlink.h, linux/rtnetlink.h).

/** struct nlmsghdr, struct nlattr, struct rtnexthop. */
export const headerBytes = 16
export const attributeBytes = 4
export const hopBytes = 8

/** Everything begins at a multiple of four. */
export function aligned(size: number): number {
  return (size + 3) & ~3
}
