import type { X509Certificate } from 'node:crypto'
import { parseCertificate, splitPem } from '../../pki/certificate.ts'
import { buildPath, type CertificatePath } from '../../pki/chain.ts'
import { signatureAlgorithmProblem } from '../../pki/firmware-signature.ts'
import { messageOf } from '../../policy/error.ts'
import { maxSigningCertificate } from '../../policy/firmware.ts'
import { checkSigningCertificate, type FirmwareProblem } from '../../policy/firmware-certificate.ts'

/** More would be no hierarchy of anybody. */
const maxCertificates = 8

/** The certificates of an entry: the one that signs first. Never throws. */
export function readSigningChain(pem: string): readonly X509Certificate[] | FirmwareProblem {
  const unreadable = (detail: string): FirmwareProblem => ({ code: 'certificate_unreadable', detail })
  const blocks = splitPem(pem)
  if (blocks.length === 0) return unreadable('the text holds no certificate in PEM')
  if (blocks.length > maxCertificates) return unreadable(`it holds ${blocks.length} certificates`)
  try {
    return blocks.map((block) => parseCertificate(block))
  } catch (error) {
    return unreadable(messageOf(error))
  }
}

export interface CertificateDeps {
  /** Manufacturer roots (`firmware.trust`), as the last reload left them. */
  readonly trust: () => readonly X509Certificate[]
  /** What deny list, CRLs and responder have against a path that is verified; null: nothing. */
  readonly revoked: (path: CertificatePath) => Promise<string | null>
  readonly now: () => number
}

/**
 * A00.FR.706, the certificate: a path to a manufacturer root, its dates, keys, signatures and purpose, and
 * that nothing of it is revoked. Nobody is asked about a path that breaks a rule anyway. Rejects only
 * when the deny list cannot be read.
 */
export async function problemsOfCertificate(
  chain: string,
  { trust, revoked, now }: CertificateDeps,
): Promise<readonly FirmwareProblem[]> {
  const certificates = readSigningChain(chain)
  if ('code' in certificates) return [certificates]
  const [leaf, ...presented] = certificates as readonly [X509Certificate, ...X509Certificate[]]
  let path: CertificatePath
  try {
    path = buildPath(leaf, presented, { cpo: trust(), factory: [] }, now())
  } catch (error) {
    return [{ code: 'certificate_unreadable', detail: messageOf(error) }]
  }
  const algorithm = signatureAlgorithmProblem(leaf)
  const found = [...checkSigningCertificate(path.chain, now()), ...(algorithm === null ? [] : [algorithm])]
  if (leaf.toString().length > maxSigningCertificate)
    found.push({
      code: 'certificate_too_long',
      detail: `its PEM has more than ${maxSigningCertificate} characters`,
    })
  if (found.length > 0) return found
  const detail = await revoked(path)
  return detail === null ? [] : [{ code: 'certificate_revoked', detail }]
}

/** firmware.signingCertificate: with what stands above it, where that fits (PEM, at most 5500 characters). */
export function signingCertificateOf(chain: string): string {
  const blocks = splitPem(chain)
  const whole = blocks.join('')
  return whole.length <= maxSigningCertificate ? whole : (blocks[0] ?? '')
}
