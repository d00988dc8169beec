import { onboardingAtSuccess, stepOnboarding } from '../onboarding.ts'
import type { Onboarding, Registry, SuccessfulConnection } from '../store.ts'
import { onboardingValues, toOnboarding } from './charge-point-row.ts'
import type { Database } from './database.ts'
import type { Row } from './rows.ts'

/** Onboarding (A00.FR.806). Each step reads and writes in one transaction. */

const find = 'SELECT onboarding FROM charge_points WHERE identity = ?'
const save =
  'UPDATE charge_points SET onboarding = ?, onboarding_state = ?, updated_at = ? WHERE identity = ?'

export function sqliteOnboarding(db: Database): Pick<Registry, 'stepOnboarding'> {
  return {
    stepOnboarding: (identity, expectedAt, step, now) =>
      db.write('power-loss', () => {
        const row = db.statement(find).get(identity)
        const present = row === undefined ? null : toOnboarding(row)
        const next = stepOnboarding(present, expectedAt, step, now)
        if (next !== null) write(db, identity, next, now)
        return next !== null
      }),
  }
}

/** Inside of the transaction of a connection: its onboarding begins, or is over. `row` holds it as it was. */
export function onboardAtSuccess(db: Database, identity: string, row: Row, seen: SuccessfulConnection): void {
  if (seen.onboarding === undefined || seen.onboarding === null) return
  write(db, identity, onboardingAtSuccess(toOnboarding(row), seen.onboarding, seen.at), seen.at)
}

function write(db: Database, identity: string, onboarding: Onboarding | null, now: number): void {
  db.statement(save).run(...onboardingValues(onboarding), now, identity)
}
