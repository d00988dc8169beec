import { isIP } from 'node:net'
import type { LoadedFile } from '../convert.ts'
import { type KeyFinding, problem, warning } from '../problem.ts'
import { isHostName } from '../values.ts'
import { revocationSourceRules } from './revocation.ts'

/** Without a root nothing is proven, and so nothing is handed on (A00.FR.706). */
export function firmwareRules({ firmware }: LoadedFile): KeyFinding[] {
  const found = revocationSourceRules(firmware.revocation, ['firmware', 'revocation'])
  for (const [index, host] of firmware.hosts.entries()) {
    if (isHostName(host.replace(/^\./, '')) || isIP(host) !== 0) continue
    found.push(problem(['firmware', 'hosts', index], 'must be a host name alone, or .name for all below it'))
  }
  if (firmware.withoutEntry === 'refuse' && firmware.trust.length === 0)
    found.push(
      warning(
        ['firmware', 'withoutEntry'],
        'refuse without a root in firmware.trust: no firmware update of the central system reaches a charge point',
        ['A00.FR.706'],
      ),
    )
  if (firmware.verifyImage === 'off')
    found.push(
      warning(['firmware', 'verifyImage'], 'off: images are handed on that nobody has verified', [
        'A00.FR.706',
      ]),
    )
  return found
}
