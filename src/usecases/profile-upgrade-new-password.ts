import type { UseCaseSession } from '../relay/use-case.ts'
import type { CredentialChange } from '../store/store.ts'
import type { OperationOutcome, UpgradeProfileOptions } from './operation.ts'
import { endOfWait, failure, type Operation, type OperationDeps } from './operation-context.ts'

/** The two halves, each of which is safe at every step on its own. */
export interface UpgradeSteps {
  /** What the upgrade lacks, apart from a password; null: nothing. Nothing is sent. */
  readonly missing: (operation: Operation) => Promise<string | null>
  /** A01: offered, and proven by a login where the charge point logs in. */
  readonly rotate: (operation: Operation) => Promise<OperationOutcome>
  /** A05, on the session and the record of the operation. */
  readonly upgrade: (operation: Operation) => Promise<OperationOutcome>
}

/** How often SecurityProfile is sent to a charge point that hangs up before it answers. */
const maxAsked = 3

/**
 * A01, then A05 (A05.FR.02 wants the password first). On profile 1 the charge point logs in with the
 * new password before it is asked for the profile. On profile 0 nobody logs in: a charge point that
 * took the password is asked for the profile, and its login there is what proves it. One that is not
 * known to have taken it is never asked, and stays where it can connect.
 */
export async function upgradeWithNewPassword(
  deps: OperationDeps,
  operation: Operation,
  to: NonNullable<UpgradeProfileOptions['newPassword']> extends true ? never : 1 | 2 | 3,
  steps: UpgradeSteps,
): Promise<OperationOutcome> {
  throw new Error('draft')
}
