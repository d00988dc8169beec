import { randomBytes } from 'node:crypto'
import { hashKey } from '../../gate/credentials/hash.ts'
import type { SecurityProfile } from '../../policy/facts.ts'
import { seal } from '../../store/seal.ts'
import type { Registry } from '../../store/store.ts'
import type { DemoPasswords } from './passwords.ts'

/** A charge point of the quickstart or the demo, as it is registered. */
export interface DemoChargePoint {
  readonly identity: string
  readonly profile: SecurityProfile
  /** CN of its certificate (A00.FR.405). */
  readonly serialNumber?: string
  /** Admitted with TLS 1.0 and 1.1 (A00.FR.314). */
  readonly legacyTls?: true
  readonly blocked?: true
  /** Its password for the central system was sealed with a key that nobody has any more. */
  readonly sealedElsewhere?: true
}

/** One for each profile and lane. The serial numbers are those of the development PKI. */
export const quickstartChargePoints = [
  { identity: 'CP-1', profile: 1 },
  { identity: 'CP-2', profile: 2 },
  { identity: 'CP-3', profile: 3, serialNumber: 'SN-0001' },
  { identity: 'CP-4', profile: 3, serialNumber: 'SN-0002' },
  { identity: 'CP-OLD', profile: 2, legacyTls: true },
] as const satisfies readonly DemoChargePoint[]

/** Does it log in with a password? */
export function hasPassword({ profile }: DemoChargePoint): boolean {
  return profile === 1 || profile === 2
}

/**
 * Registers those that are not registered yet; what an operator changed stays. A password that was
 * made just now replaces the one before it, which nobody knows any more. Throws what the registry throws.
 */
export async function registerChargePoints(
  registry: Registry,
  chargePoints: readonly DemoChargePoint[],
  passwords: DemoPasswords,
): Promise<void> {
  for (const { identity, profile, serialNumber, legacyTls, blocked, sealedElsewhere } of chargePoints) {
    const known = await registry.get(identity)
    const key = passwords.keys.get(identity)
    const credential = key === undefined ? null : await hashKey(key, false)
    if (known === null) {
      await registry.add(identity, {
        securityProfile: profile,
        serialNumber: serialNumber ?? null,
        legacyTls: legacyTls ?? false,
        blocked: blocked ?? false,
        credential,
        upstreamSecret: sealedElsewhere ? seal(randomBytes(32), identity, randomBytes(20)) : null,
      })
    } else if (credential !== null && passwords.made.has(identity)) {
      await registry.update(identity, { credential })
    }
  }
}
