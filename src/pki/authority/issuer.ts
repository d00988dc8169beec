import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { ProxyError } from '../../policy/error.ts'
import { describeKey, isStrongEnough } from '../../policy/key-strength.ts'
import { certificatesAbove } from '../above.ts'
import { certificateFacts } from '../certificate.ts'
import { splitPem } from '../pem.ts'
import { readPkcs12 } from '../pkcs12.ts'
import type { Credentials } from '../profiles.ts'

/** An issuer that can sign: its certificate, its key, and the certificates above it, nearest first. */
export interface Issuer extends Credentials {
  readonly chain: readonly X509Certificate[]
}

export interface PemIssuer {
  /** The issuer's certificate, and those above it where it is no root. */
  readonly certificates: string
  readonly key: string
  /** null: the key is not encrypted. */
  readonly passphrase: string | null
}

/**
 * An issuer from PEM (A00.FR.602: who reads the files checks their modes). Throws ProxyError
 * `issuer_unreadable`, `issuer_key_mismatch` and `issuer_unfit`.
 */
export function issuerFromPem(pem: PemIssuer): Issuer {
  const privateKey = readKey(pem)
  const certificates = splitPem(pem.certificates).map(readCertificate)
  return fitIssuer(privateKey, certificates)
}

/** An issuer from PKCS #12. Throws what `issuerFromPem` throws, and what `readPkcs12` throws. */
export function issuerFromPkcs12(bundle: Buffer, passphrase: string): Issuer {
  const { privateKey, certificate, chain } = readPkcs12(bundle, passphrase)
  return fitIssuer(privateKey, [certificate, ...chain])
}

function readKey({ key, passphrase }: PemIssuer): KeyObject {
  try {
    return createPrivateKey(passphrase === null ? key : { key, passphrase })
  } catch {
    // OpenSSL's own words may quote the file; the cause is left out for the same reason.
    throw unreadable(
      'the key of the issuer cannot be read: no PEM key, or the passphrase is wrong or missing',
    )
  }
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (cause) {
    throw unreadable('a certificate of the issuer cannot be read', cause)
  }
}

function unreadable(message: string, cause?: unknown): ProxyError {
  return new ProxyError('issuer_unreadable', 'operator', message, { cause })
}

/** It has the key of its certificate, is marked as an authority, may sign certificates, and is strong (A00.FR.501). */
function fitIssuer(privateKey: KeyObject, certificates: readonly X509Certificate[]): Issuer {
  if (certificates.length === 0) throw unreadable('there is no certificate of the issuer')
  const certificate = certificates.find((one) => one.checkPrivateKey(privateKey))
  if (certificate === undefined) {
    const message = 'the signing key is not that of the issuer certificate'
    throw new ProxyError('issuer_key_mismatch', 'operator', message)
  }
  const facts = certificateFacts(certificate)
  const unfit = (message: string): ProxyError => new ProxyError('issuer_unfit', 'operator', message)
  if (!facts.isCa) throw unfit(`${facts.subject} is not marked as an authority`)
  if (facts.keyUsage !== null && !facts.keyUsage.includes('keyCertSign'))
    throw unfit(`${facts.subject} may not sign certificates (no keyCertSign)`)
  if (!isStrongEnough(facts.key)) throw unfit(`${facts.subject} has ${describeKey(facts.key)}`)
  return { certificate, privateKey, chain: certificatesAbove(certificate, certificates) }
}
