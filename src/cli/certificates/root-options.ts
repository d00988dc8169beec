import { readFileBounded } from '../../config/read.ts'
import { parseCertificate, splitPem } from '../../pki/certificate.ts'
import { readHashData } from '../../pki/hash-data.ts'
import { messageOf } from '../../policy/error.ts'
import { csmsRootType, type RootCertificateType, type RootHashData } from '../../policy/root-certificate.ts'
import { usageError } from '../store-command.ts'

/** Options about root certificates. Every function throws a usage error for what it cannot read. */

const types = {
  'central-system': 'CentralSystemRootCertificate',
  manufacturer: 'ManufacturerRootCertificate',
  v2g: 'V2GRootCertificate',
  mo: 'MORootCertificate',
  'v2g-chain': 'V2GCertificateChain',
} as const satisfies Record<string, RootCertificateType>

export const typeOption = '--type <type>'
export const typeText = `${Object.keys(types).join(', ')}; central-system unless given`

export function typeOf(text: string | undefined): RootCertificateType {
  if (text === undefined) return types['central-system']
  // The same under the name that OCPP 2.0.1 has for it.
  if (text === csmsRootType) return types['central-system']
  const known = Object.entries(types).find(([name, type]) => name === text || type === text)
  if (known === undefined) throw usageError(`--type must be one of ${Object.keys(types).join(', ')}`)
  return known[1]
}

const maxFileBytes = 65_536

/** The certificate of a file, PEM or DER, as PEM text. What is wrong with it is for the proxy to say. */
export function certificateOf(file: string, option: string): string {
  let content: Buffer
  try {
    content = readFileBounded(file, maxFileBytes)
  } catch (error) {
    throw usageError(`${option} ${file}: ${messageOf(error)}`)
  }
  const text = content.toString('latin1')
  // A key must not leave this machine, not even towards the proxy.
  if (text.includes('PRIVATE KEY-----')) throw usageError(`${option} ${file} holds a private key`)
  const blocks = splitPem(text)
  if (blocks.length > 1) throw usageError(`${option} ${file} holds ${blocks.length} certificates; give one`)
  try {
    return parseCertificate(blocks[0] ?? content).toString()
  } catch {
    throw usageError(`${option} ${file} holds no certificate`)
  }
}

/** SHA256:issuerNameHash:issuerKeyHash:serialNumber, as `certificates roots` writes it. */
export function hashDataOf(text: string): RootHashData {
  const [hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber, ...rest] = text.split(':')
  const hashData = readHashData({
    hashAlgorithm: hashAlgorithm?.toUpperCase(),
    issuerNameHash,
    issuerKeyHash,
    serialNumber,
  })
  if (hashData !== null && rest.length === 0) return hashData
  throw usageError(
    '--hash must be ALGORITHM:ISSUER-NAME-HASH:ISSUER-KEY-HASH:SERIAL-NUMBER, as certificates roots writes it',
  )
}

export function hashDataText({
  hashAlgorithm,
  issuerNameHash,
  issuerKeyHash,
  serialNumber,
}: RootHashData): string {
  return [hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber].join(':')
}
