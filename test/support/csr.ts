// @peculiar/x509 needs it before itself.
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { type Csr, readCsr } from '../../src/pki/csr.ts'
import { generateKey, type KeyPair } from '../../src/pki/keys.ts'

export interface CsrOptions {
  /** Attributes in order; default O=Example CPO, CN=SN-0001. */
  readonly subject?: readonly (readonly [type: string, value: string])[]
  /** EC on a curve of NIST, or RSA; default a new P-256 key. */
  readonly keys?: KeyPair
  readonly hash?: 'SHA-1' | 'SHA-256'
  readonly extensions?: x509.Extension[]
}

/** OpenSSL's names, and those of Web Crypto. */
const curves: ReadonlyMap<string | undefined, string> = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
])

/** A PKCS #10 in PEM, as a charge point sends it. */
export async function makeCsr(options: CsrOptions = {}): Promise<string> {
  const keys = options.keys ?? (await generateKey({ type: 'ec', curve: 'P-256' }))
  const rsa = keys.publicKey.asymmetricKeyType === 'rsa'
  const hash = options.hash ?? 'SHA-256'
  const namedCurve = curves.get(keys.publicKey.asymmetricKeyDetails?.namedCurve) ?? 'P-256'
  const algorithm = rsa ? { name: 'RSASSA-PKCS1-v1_5', hash } : { name: 'ECDSA', namedCurve, hash }
  const subject = options.subject ?? [
    ['O', 'Example CPO'],
    ['CN', 'SN-0001'],
  ]
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    {
      name: new x509.Name(subject.map(([type, value]) => ({ [type]: [{ utf8String: value }] }))),
      keys: {
        privateKey: keys.privateKey.toCryptoKey(algorithm, true, ['sign']),
        publicKey: keys.publicKey.toCryptoKey(algorithm, true, ['verify']),
      },
      signingAlgorithm: algorithm,
      extensions: options.extensions ?? [],
    },
    webcrypto,
  )
  return request.toString('pem')
}

/** The same, read. */
export async function csrOf(options: CsrOptions = {}): Promise<Csr> {
  return readable(await makeCsr(options))
}

export function readable(pem: string): Csr {
  const reading = readCsr(pem)
  if (!reading.ok) throw new Error(`the request cannot be read: ${reading.problem.detail}`)
  return reading.csr
}
