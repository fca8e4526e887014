// The names that the one plugin is installed under, and what it is under each. Chained plugins come before or behind a main
// plugin in a list, and ask at a socket of their own (docs/wire.md).

export function isIpamRole(role: string): boolean {
  return role === 'orbweaver' || role === 'spiderpool'
}

export function isCoordinatorRole(role: string): boolean {
  return role === 'orbweaver-coordinator' || role === 'coordinator'
}

export function isIfacerRole(role: string): boolean {
  return role === 'orbweaver-ifacer' || role === 'ifacer'
}

export function isChainedRole(role: string): boolean {
  return isCoordinatorRole(role) || isIfacerRole(role)
}
