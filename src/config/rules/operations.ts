import { reasons, switchableReasons } from '../../policy/reasons.ts'
import type { LoadedFile } from '../convert.ts'
import { reachOf } from '../network.ts'
import { type KeyFinding, warning } from '../problem.ts'

/** What an operator should know about, although the proxy can run so. */

export function adminAddress(file: LoadedFile): KeyFinding[] {
  const open = reachOf(file.admin.address.host) !== 'loopback' && file.admin.tokenFile === undefined
  return open
    ? [
        warning(
          ['admin', 'address'],
          'other machines reach this address and there is no admin.tokenFile: health and metrics are open to them, the admin API stays off',
        ),
      ]
    : []
}

export function relaxedAdmission(file: LoadedFile): KeyFinding[] {
  const found: KeyFinding[] = []
  if (file.admission.unknownChargePoints === 'learn') {
    found.push(
      warning(
        ['admission', 'unknownChargePoints'],
        'learn: whoever comes first with an identity owns it; set refuse once the fleet is known',
        ['CWE-306'],
      ),
    )
  }
  for (const code of switchableReasons) {
    if (file.admission.checks[code] !== 'off') continue
    const { requirements } = reasons[code]
    found.push(
      warning(
        ['admission', 'checks', code],
        'off: this check is not made, nor counted; report counts what it would refuse',
        requirements,
      ),
    )
  }
  return found
}

export function limitsFit(file: LoadedFile): KeyFinding[] {
  const { limits } = file
  const found: KeyFinding[] = []
  if (limits.handshakes > limits.connections) {
    found.push(
      warning(
        ['limits', 'handshakes'],
        `is above limits.connections (${limits.connections}), which ends it earlier`,
      ),
    )
  }
  return found
}
