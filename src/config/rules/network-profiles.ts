import type { LoadedFile } from '../convert.ts'
import { type KeyFinding, problem, warning } from '../problem.ts'

/** ocppCsmsUrl (OCPP 2.0.1, NetworkConnectionProfileType). */
const maxUrl = 512

/** Where charging stations of OCPP 2.0.1 are sent must be a listener that can take them (A05). */
export function networkProfiles({ profileUpgrade, listeners }: LoadedFile): KeyFinding[] {
  const seen = new Set<number>()
  return profileUpgrade.networkProfiles.flatMap((profile, index) => {
    const key = ['profileUpgrade', 'networkProfiles', index]
    const { securityProfile, url: text, messageTimeout } = profile
    const found: KeyFinding[] = []
    if (seen.has(securityProfile))
      found.push(problem([...key, 'securityProfile'], `stands here twice: ${securityProfile}`))
    seen.add(securityProfile)
    const url = URL.canParse(text) ? new URL(text) : null
    const scheme = securityProfile === 1 ? 'ws:' : 'wss:'
    if (url === null || url.protocol !== scheme || text.length > maxUrl) {
      const what = `must be a ${scheme}// URL of ${maxUrl} characters at the most, as security profile ${securityProfile} asks for`
      found.push(problem([...key, 'url'], what, ['A05.FR.05']))
    } else if (url.username !== '' || url.password !== '' || /[?#]/.test(text)) {
      found.push(problem([...key, 'url'], 'must not hold a user name, a password, ? or #'))
    }
    if (messageTimeout % 1000 !== 0) found.push(problem([...key, 'messageTimeout'], 'must be whole seconds'))
    const isServed = listeners.some(
      (listener) => listener.securityProfile === securityProfile && listener.protocols.includes('ocpp2.0.1'),
    )
    if (!isServed) {
      const what = `has no effect: no listener of security profile ${securityProfile} has ocpp2.0.1 in protocols`
      found.push(warning(key, what))
    }
    return found
  })
}
