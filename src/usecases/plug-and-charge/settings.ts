import type { CertificateStatus } from '../../pki/plug-and-charge/certificate-status.ts'
import type { ContractPool } from '../../pki/plug-and-charge/contract-pool.ts'
import type { V2gAuthority } from './v2g-signing.ts'

/** What the proxy serves itself of ISO 15118, as the last reload left it; null: it passes. */
export interface PlugAndChargeServices {
  readonly certificateStatus: CertificateStatus | null
  readonly contractPool: ContractPool | null
  readonly v2gAuthority: V2gAuthority | null
}

export const noPlugAndCharge: PlugAndChargeServices = Object.freeze({
  certificateStatus: null,
  contractPool: null,
  v2gAuthority: null,
})
