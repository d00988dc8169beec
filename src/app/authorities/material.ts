import { X509Certificate } from 'node:crypto'
import type { ReadFile } from '../../config/read.ts'
import type { AuthoritySource } from '../../config/schema.ts'
import { type Issuer, issuerFromPem, issuerFromPkcs12 } from '../../pki/authority/issuer.ts'
import { splitPem } from '../../pki/pem.ts'
import { messageOf, ProxyError } from '../../policy/error.ts'

/** What the authorities of a configuration need from disk. Reads throw ProxyError, never with content. */

export type LocalSection = NonNullable<AuthoritySource['local']>

const maxFileBytes = 1024 * 1024

/** Throws ProxyError `authority_unreadable`. */
export function readText(readFile: ReadFile, path: string): string {
  return readBytes(readFile, path).toString('utf8')
}

function readBytes(readFile: ReadFile, path: string): Buffer {
  try {
    return readFile(path, maxFileBytes)
  } catch (error) {
    throw new ProxyError('authority_unreadable', 'operator', `the file ${path} ${messageOf(error)}`)
  }
}

/** Every certificate of a PEM file, at least one. Throws ProxyError `authority_unreadable`. */
export function readCertificates(readFile: ReadFile, path: string): readonly X509Certificate[] {
  const text = readText(readFile, path)
  try {
    const certificates = splitPem(text).map((pem) => new X509Certificate(pem))
    if (certificates.length > 0) return certificates
  } catch {
    // Falls through: OpenSSL's words may quote the file.
  }
  const message = `the file ${path} holds no certificate in PEM that can be read`
  throw new ProxyError('authority_unreadable', 'operator', message)
}

/** The issuer of a `local` section. Throws ProxyError. */
export function readIssuer(readFile: ReadFile, local: LocalSection): Issuer {
  const { certificate, key, pkcs12, passphrase } = local
  if (pkcs12 !== undefined) return issuerFromPkcs12(readBytes(readFile, pkcs12), passphrase ?? '')
  if (certificate === undefined || key === undefined)
    throw new ProxyError('authority_unreadable', 'operator', 'the authority has no certificate and key')
  return issuerFromPem({
    certificates: readText(readFile, certificate),
    key: readText(readFile, key),
    passphrase,
  })
}
