import { checkKeys, checkPath, checkSerialNumber, checkSignatures, checkValidity } from './certificate.ts'
import type { CertificateFacts, ChainFacts } from './facts.ts'
import type { Verdict } from './verdict.ts'

/** Why firmware is not handed on to a charge point (A00.FR.706). */
export const firmwareProblems = {
  certificate_unreadable: 'The signing certificate cannot be read.',
  certificate_untrusted:
    'There is no path from the signing certificate to a manufacturer root (firmware.trust).',
  certificate_dates: 'A certificate of the path has expired, or is not valid yet.',
  certificate_weak: 'A key or signature of the path is weaker than A00.FR.501 to 506 ask for.',
  certificate_usage: 'The certificate may not sign software.',
  certificate_revoked: 'A certificate of the path is revoked, or nobody can say that it is not.',
  certificate_too_long: 'The signing certificate does not fit into the message.',
  signature_algorithm: 'The key of the certificate makes no signature that L01.FR.04 allows.',
  signature_invalid: 'The signature does not belong to this image and certificate.',
  image_differs: 'The image at the location is not the one that was signed.',
  image_too_large: 'The image is larger than firmware.maxImageBytes.',
  image_unreachable: 'The image cannot be fetched.',
  image_unverified: 'Nobody has verified the signature over the image.',
} as const
export type FirmwareProblemCode = keyof typeof firmwareProblems

export interface FirmwareProblem {
  readonly code: FirmwareProblemCode
  readonly detail: string
}

/** Which security event says it; null: it is no matter of security. */
export function eventOfProblem(
  code: FirmwareProblemCode,
): 'InvalidFirmwareSignature' | 'InvalidFirmwareSigningCertificate' | null {
  if (code.startsWith('certificate_') && code !== 'certificate_too_long')
    return 'InvalidFirmwareSigningCertificate'
  const isImage = code === 'signature_invalid' || code === 'image_differs' || code === 'signature_algorithm'
  return isImage ? 'InvalidFirmwareSignature' : null
}

const codeSigning = '1.3.6.1.5.5.7.3.3'
const anyExtendedKeyUsage = '2.5.29.37.0'

/** Everything that the path of a signing certificate breaks, revocation left out. `now` in milliseconds since the epoch. */
export function checkSigningCertificate(chain: ChainFacts, now: number): readonly FirmwareProblem[] {
  return [
    ...problemOf('certificate_untrusted', checkPath(chain)),
    ...problemOf('certificate_dates', checkValidity(chain, now)),
    ...problemOf('certificate_weak', checkKeys(chain)),
    ...problemOf('certificate_weak', checkSignatures(chain)),
    ...problemOf('certificate_usage', checkSerialNumber(chain.leaf)),
    ...checkUsage(chain.leaf),
  ]
}

function problemOf(code: FirmwareProblemCode, verdict: Verdict): readonly FirmwareProblem[] {
  return verdict.ok ? [] : [{ code, detail: verdict.detail }]
}

/** RFC 5280 4.2.1.3 and 4.2.1.12: what stands there must allow it; an authority signs no software. */
function checkUsage({ isCa, keyUsage, extendedKeyUsage }: CertificateFacts): readonly FirmwareProblem[] {
  const wrong = (detail: string): readonly FirmwareProblem[] => [{ code: 'certificate_usage', detail }]
  if (isCa) return wrong('it is the certificate of an authority')
  if (keyUsage !== null && !keyUsage.includes('digitalSignature'))
    return wrong('its key usage is without digitalSignature')
  const purposes = extendedKeyUsage ?? [codeSigning]
  if (!purposes.includes(codeSigning) && !purposes.includes(anyExtendedKeyUsage))
    return wrong('its extended key usage is without codeSigning')
  return []
}
