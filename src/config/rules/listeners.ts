import type { LoadedFile } from '../convert.ts'
import { reachOf, sameAddress } from '../network.ts'
import { type KeyFinding, problem, warning } from '../problem.ts'

/** Rules that look at listeners together, or at a listener and its address. */

export function listenerNames(file: LoadedFile): KeyFinding[] {
  return file.listeners.flatMap((listener, index) => {
    const first = file.listeners.findIndex((other) => other.name === listener.name)
    return first === index
      ? []
      : [problem(['listeners', index, 'name'], `${listener.name} is the name of an earlier listener already`)]
  })
}

export function listenerAddresses(file: LoadedFile): KeyFinding[] {
  return file.listeners.flatMap((listener, index) => {
    const path = ['listeners', index, 'address']
    const first = file.listeners.findIndex((other) => sameAddress(other.address, listener.address))
    if (first >= 0 && first < index)
      return [problem(path, `listener ${file.listeners[first]?.name} listens there already`, ['A00.FR.006'])]
    return sameAddress(listener.address, file.admin.address)
      ? [problem(path, 'admin.address is the same; give each a port of its own')]
      : []
  })
}

/** A00.FR.201, A00.FR.206: profiles without TLS are for trusted networks. */
export function plainListeners(file: LoadedFile): KeyFinding[] {
  return file.listeners.flatMap((listener, index) => {
    const profile = listener.securityProfile
    if (profile > 1) return []
    const path = ['listeners', index, 'address']
    const what =
      profile === 0 ? 'profile 0 protects nothing at all' : 'profile 1 sends passwords in clear text'
    const ids = ['A00.FR.201', 'A00.FR.206']
    const where = reachWords(listener.address.host)
    return where === null ? [] : [warning(path, `${what}${where}`, ids)]
  })
}

/** Profile 0 is for the days of a migration: it must not be forgotten (A00.FR.001, design section 10). */
export function unsecuredListeners(file: LoadedFile): KeyFinding[] {
  return file.listeners.flatMap((listener, index) =>
    listener.securityProfile === 0
      ? [
          warning(
            ['listeners', index, 'securityProfile'],
            'profile 0 asks nobody for proof and encrypts nothing: for the time of a migration only; charge points that are marked as migrating come in, and whoever knows the name of one',
            ['A00.FR.001', 'CWE-306', 'CWE-319'],
          ),
        ]
      : [],
  )
}

/** null: only machines that can be trusted reach it. */
function reachWords(host: string): string | null {
  switch (reachOf(host)) {
    case 'loopback':
    case 'private':
      return null
    case 'any':
      return ', and this listens on every address of the machine; name the one of a private network or VPN'
    case 'public':
      return ', and this address is public; use a private network or VPN'
    case 'name':
      return '; a name does not tell whether the address behind it is private'
  }
}

/** Whoever may send a PROXY header may claim any address, and with it any limit. */
export function proxyProtocolSenders(file: LoadedFile): KeyFinding[] {
  return file.listeners.flatMap((listener, index) => {
    const open = listener.proxyProtocol === true && ['any', 'public'].includes(reachOf(listener.address.host))
    return open
      ? [
          warning(
            ['listeners', index, 'proxyProtocol'],
            'whoever reaches this listener can claim any address; name the networks of the load balancers with from',
          ),
        ]
      : []
  })
}
