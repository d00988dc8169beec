import type { CertificateStatus } from '../../pki/plug-and-charge/certificate-status.ts'
import type { ContractCheck } from '../../pki/plug-and-charge/contract-check.ts'
import type { ContractPool } from '../../pki/plug-and-charge/contract-pool.ts'
import type { AskedMessage } from './forms.ts'
import type { V2gAuthority } from './v2g-signing.ts'

/** What the proxy serves itself of ISO 15118, as the last reload left it; null: it passes. */
export interface PlugAndChargeServices {
  readonly certificateStatus: CertificateStatus | null
  readonly contractPool: ContractPool | null
  readonly v2gAuthority: V2gAuthority | null
  readonly contractCheck: ContractCheck | null
  /** PEM of the authorities that these know. */
  readonly roots: readonly string[]
}

export const noPlugAndCharge: PlugAndChargeServices = Object.freeze({
  certificateStatus: null,
  contractPool: null,
  v2gAuthority: null,
  contractCheck: null,
  roots: [],
})

/** Does the proxy answer this message, or the central system? */
export function isServed(services: PlugAndChargeServices, message: AskedMessage): boolean {
  return services[serviceOf[message]] !== null
}

const serviceOf = {
  Authorize: 'contractCheck',
  Get15118EVCertificate: 'contractPool',
  GetCertificateStatus: 'certificateStatus',
  SignCertificate: 'v2gAuthority',
} as const satisfies Record<AskedMessage, keyof PlugAndChargeServices>
