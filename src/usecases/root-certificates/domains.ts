import { splitPem } from '../../pki/certificate.ts'
import {
  isPlugAndChargeType,
  type RootCertificateType,
  type RootProblem,
} from '../../policy/root-certificate.ts'
import { type Root, readRoot } from './root.ts'

/** PEM of the authorities of either domain of trust, as the last reload left them. */
export interface TrustDomains {
  /** What the listeners trust. */
  readonly trustedRoots: () => readonly string[]
  /** What the listeners show, with the authorities above. */
  readonly serverChains: () => readonly string[]
  /** Those of ISO 15118 (`plugAndCharge`). */
  readonly vehicleRoots: () => readonly string[]
}

/**
 * A root of the one domain must not become one of the other: whoever holds a certificate of a vehicle could be the
 * central system, or the other way round. null: nothing is known against it.
 */
export function domainProblem(
  { facts: { keyFingerprint } }: Root,
  type: RootCertificateType,
  { trustedRoots, serverChains, vehicleRoots }: TrustDomains,
): RootProblem | null {
  const isIn = (pem: readonly string[]): boolean =>
    pem.flatMap(splitPem).some((block) => {
      const root = readRoot(block)
      return !('code' in root) && root.facts.keyFingerprint === keyFingerprint
    })
  if (isPlugAndChargeType(type)) {
    const isOurs = isIn([...trustedRoots(), ...serverChains()])
    return isOurs ? crossed('it is an authority of this proxy, and none of ISO 15118') : null
  }
  const isTheirs = type === 'CentralSystemRootCertificate' && isIn(vehicleRoots())
  return isTheirs ? crossed('it is an authority of ISO 15118 (plugAndCharge), and none of this proxy') : null
}

function crossed(detail: string): RootProblem {
  return { code: 'root_other_domain', detail }
}
