import { rootCertificateTypes } from '../policy/root-certificate.ts'
import { parseHashData } from './root-inventory.ts'
import type { CampaignRoot } from './roots.ts'

/** Reads what a stored campaign says about a root; null when it is none. Total: never throws. */
export function parseCampaignRoot(value: unknown): CampaignRoot | null {
  if (typeof value !== 'object' || value === null) return null
  const { certificateType, certificate, oldRoot, hashData } = value as Record<string, unknown>
  const type = rootCertificateTypes.find((known) => known === certificateType)
  const hashes = hashData === undefined ? undefined : parseHashData(hashData)
  if (type === undefined || hashes === null || !isText(certificate) || !isText(oldRoot)) return null
  if ((certificate === undefined) === (hashes === undefined)) return null
  return {
    certificateType: type,
    ...(certificate === undefined ? {} : { certificate }),
    ...(oldRoot === undefined ? {} : { oldRoot }),
    ...(hashes === undefined ? {} : { hashData: hashes }),
  }
}

function isText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}
