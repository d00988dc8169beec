import type { Config } from '../config/schema.ts'
import {
  type CheckMode,
  type ReasonCode,
  type SwitchableReason,
  switchableReasons,
} from '../policy/reasons.ts'

const switchable: ReadonlySet<string> = new Set(switchableReasons)

/** How a check acts (`admission.checks`); everything is enforced unless told otherwise. */
export function modeOf(checks: Config['admission']['checks'], reason: ReasonCode): CheckMode {
  return isSwitchable(reason) ? (checks[reason] ?? 'enforce') : 'enforce'
}

function isSwitchable(reason: ReasonCode): reason is SwitchableReason {
  return switchable.has(reason)
}
