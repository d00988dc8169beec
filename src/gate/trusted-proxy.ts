import { BlockList, isIP, isIPv6 } from 'node:net'
import type { ListenerConfig } from '../config/schema.ts'

const lists = new WeakMap<object, BlockList>()

/** Does a connection from `address` start with a PROXY header (`proxyProtocol`)? */
export function isTrustedProxy(setting: ListenerConfig['proxyProtocol'], address: string): boolean {
  if (typeof setting === 'boolean') return setting
  const known = lists.get(setting)
  const list = known ?? networksOf(setting.from)
  if (known === undefined) lists.set(setting, list)
  // A peer that is gone already has no address; a link-local one brings its zone.
  const [bare = ''] = address.split('%')
  const version = isIP(bare)
  return version !== 0 && list.check(bare, version === 6 ? 'ipv6' : 'ipv4')
}

function networksOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [base = '', prefix] = network.split('/')
    const family = isIPv6(base) ? 'ipv6' : 'ipv4'
    list.addSubnet(base, Number(prefix ?? (family === 'ipv6' ? 128 : 32)), family)
  }
  return list
}
