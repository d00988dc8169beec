import { BlockList, isIP, isIPv6 } from 'node:net'

/** What kind of place an address is. */
export type AddressKind = 'loopback' | 'link-local' | 'unspecified' | 'multicast' | 'private' | 'public'

/** Special-purpose addresses (IANA registries, RFC 6890); 169.254.169.254 is where clouds keep their secrets. */
const networks: Readonly<Record<Exclude<AddressKind, 'public'>, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  'link-local': ['169.254.0.0/16', 'fe80::/10'],
  unspecified: ['0.0.0.0/8', '::/128'],
  multicast: ['224.0.0.0/4', '255.255.255.255/32', 'ff00::/8'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'],
}

const lists = Object.entries(networks).map(([kind, subnets]) => ({
  kind: kind as AddressKind,
  list: blockListOf(subnets),
}))

/** IPv4-mapped IPv6 addresses are what they map; NAT64 (64:ff9b::/96) is not looked through. */
export function addressKind(address: string): AddressKind {
  return lists.find(({ list }) => holds(list, address))?.kind ?? 'public'
}

/** May this address be connected to for this host? */
export type AddressRule = (address: string, host: string) => boolean

/**
 * The rule for addresses that certificates name: public and private ones are allowed, since the
 * authorities of operators stand in their own networks and the host is on a list of theirs already.
 * Loopback, link-local and the like are not, unless `listed` has them ("127.0.0.1", "fd00:ec2::/32").
 */
export function createAddressRule(listed: readonly string[]): AddressRule {
  const allowed = blockListOf(listed)
  return (address) => {
    if (isIP(address) === 0) return false
    if (holds(allowed, address)) return true
    const kind = addressKind(address)
    return kind === 'public' || kind === 'private'
  }
}

/** May this host be asked? `host` in lower case and without brackets or a final dot. */
export type HostRule = (host: string) => boolean

/** Hosts by name, or with all below them: "ocsp.example.com", ".example.com" (example.com itself is not below). */
export function createHostRule(listed: readonly string[]): HostRule {
  const names = new Set(listed.map((name) => name.toLowerCase()))
  const suffixes = [...names].filter((name) => name.startsWith('.') && name.length > 1)
  return (host) => names.has(host) || suffixes.some((suffix) => host.endsWith(suffix))
}

function holds(list: BlockList, address: string): boolean {
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

/** What is no address is left out: the configuration has said so before. */
function blockListOf(subnets: readonly string[]): BlockList {
  const list = new BlockList()
  for (const subnet of subnets) {
    const [address = '', prefix] = subnet.split('/')
    const version = isIP(address)
    if (version === 0) continue
    const length = prefix === undefined ? (version === 6 ? 128 : 32) : Number(prefix)
    list.addSubnet(address, length, version === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}
