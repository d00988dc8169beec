import type { X509Certificate } from 'node:crypto'
import { certificateFacts, parseCertificate, splitPem } from '../../pki/certificate.ts'
import { certificateHashData, hashDataKey } from '../../pki/hash-data.ts'
import { verifySignature } from '../../pki/signature.ts'
import type { CertificateFacts } from '../../policy/facts.ts'
import { checkRoot, maxRootPem, type RootHashData, type RootProblem } from '../../policy/root-certificate.ts'

/** A root certificate that the proxy has, and not only its hash data. */
export interface Root {
  readonly certificate: X509Certificate
  readonly facts: CertificateFacts
  /** As it is sent: one block, without what stood around it. */
  readonly pem: string
}

/** Larger texts hold no single certificate that anybody would send. */
const maxText = 16_384

/** One certificate in PEM; a problem when it is none. Never throws. */
export function readRoot(text: string): Root | RootProblem {
  if (text.length > maxText) return notOne('the text is too large')
  // Whoever gives a key by mistake must hear of it: it would go to every charge point.
  if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(text)) return notOne('the text holds a private key')
  const blocks = splitPem(text)
  const [block] = blocks
  if (block === undefined) return notOne('the text holds no certificate in PEM')
  if (blocks.length > 1) return notOne(`the text holds ${blocks.length} certificates`)
  try {
    const certificate = parseCertificate(block)
    const pem = certificate.toString()
    if (pem.length > maxRootPem) {
      return {
        code: 'root_too_large',
        detail: `it has ${pem.length} characters of PEM, and ${maxRootPem} are the limit`,
      }
    }
    return { certificate, facts: certificateFacts(certificate), pem }
  } catch {
    return notOne('the certificate cannot be read')
  }
}

function notOne(detail: string): RootProblem {
  return { code: 'root_not_one', detail }
}

/** What is wrong with a text that is to be installed as a root, whoever gets it. Never throws. */
export function problemsOfRoot(text: string, now: number): readonly RootProblem[] {
  const root = readRoot(text)
  if ('code' in root) return [root]
  const problems = checkRoot(root.facts, now)
  return problems.length > 0 ? problems : ownSignatureProblem(root)
}

/** A certificate that names itself as its issuer must be signed by itself. */
function ownSignatureProblem(root: Root): readonly RootProblem[] {
  if (!root.facts.selfIssued || isSignedBy(root, root)) return []
  return [
    { code: 'root_signature', detail: 'it names itself as its issuer, and is not signed by its own key' },
  ]
}

/** Was `root` issued by `issuer`, which may issue certificates? Never throws. */
export function isSignedBy(root: Root, issuer: Root): boolean {
  const { isCa, keyUsage } = issuer.facts
  if (!isCa || (keyUsage !== null && !keyUsage.includes('keyCertSign'))) return false
  return root.certificate.checkIssued(issuer.certificate) && verifySignature(root, issuer)
}

/**
 * Which of `roots` has this hash data; null: none. Only one with the serial number is looked at, so
 * that hostile lists cost little. Never throws.
 */
export function rootOfHashData(hashData: RootHashData, roots: readonly Root[]): Root | null {
  const serial = hashData.serialNumber.replace(/^0+(?=.)/, '').toUpperCase()
  const key = hashDataKey(hashData)
  return (
    roots.find(
      (root) =>
        root.facts.serialNumber === serial && keysOf(root, roots, hashData.hashAlgorithm).includes(key),
    ) ?? null
  )
}

/** Its hash data, one for each certificate that may be its issuer: a renewed authority keeps its name. */
function keysOf(
  root: Root,
  roots: readonly Root[],
  algorithm: RootHashData['hashAlgorithm'],
): readonly string[] {
  return roots
    .filter((issuer) =>
      issuer === root ? root.facts.selfIssued : root.certificate.checkIssued(issuer.certificate),
    )
    .flatMap((issuer) => {
      try {
        return [hashDataKey(certificateHashData(root.certificate, issuer.certificate, algorithm))]
      } catch {
        return []
      }
    })
}
