import type { CertificateStatus } from '../../pki/plug-and-charge/certificate-status.ts'
import type { ContractPool } from '../../pki/plug-and-charge/contract-pool.ts'

/** What the proxy serves itself of ISO 15118, as the last reload left it; null: it passes. */
export interface PlugAndChargeServices {
  readonly certificateStatus: CertificateStatus | null
  readonly contractPool: ContractPool | null
}

export const noPlugAndCharge: PlugAndChargeServices = Object.freeze({
  certificateStatus: null,
  contractPool: null,
})
