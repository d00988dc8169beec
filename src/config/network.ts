import { BlockList, isIP } from 'node:net'

/** From where an address can be reached, as far as it tells. `name`: only a resolver knows. */
export type Reach = 'loopback' | 'private' | 'any' | 'public' | 'name'

const privateNetworks = new BlockList()
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  // RFC 6598, RFC 3927: carrier-grade NAT (the private APN of many operators) and link-local.
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
] as const) {
  privateNetworks.addSubnet(network, prefix, 'ipv4')
}
privateNetworks.addSubnet('fc00::', 7, 'ipv6')
privateNetworks.addSubnet('fe80::', 10, 'ipv6')

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** How far the address of a listener or of a central system reaches (A00.FR.201, 206). */
export function reachOf(host: string): Reach {
  if (host.toLowerCase() === 'localhost') return 'loopback'
  const version = isIP(host)
  if (version === 0) return 'name'
  // BlockList judges IPv4-mapped addresses by their IPv4 rules.
  const family = version === 4 ? 'ipv4' : 'ipv6'
  if (loopback.check(host, family)) return 'loopback'
  if (privateNetworks.check(host, family)) return 'private'
  return /^(0\.0\.0\.0|[0:]+)$/.test(host) ? 'any' : 'public'
}

/** Would two listeners want the same port of the same address? */
export function sameAddress(
  a: { readonly host: string; readonly port: number },
  b: { readonly host: string; readonly port: number },
): boolean {
  if (a.port !== b.port || a.port === 0) return false
  const hosts = [a.host, b.host].map((host) =>
    host.toLowerCase() === 'localhost' ? '127.0.0.1' : host.toLowerCase(),
  )
  return hosts[0] === hosts[1] || hosts.some((host) => reachOf(host) === 'any')
}
