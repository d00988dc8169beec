// @peculiar/x509 resolves its parts by decorators and needs this polyfill to be there first.
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { generateKey, type KeyPair } from '../pki/keys.ts'

/** What can be wrong with a certificate request (A02.FR.12). */
export const requestFaults = {
  good: 'Nothing.',
  'bad-signature': 'It is not signed by its own key.',
  'foreign-cn': 'It names the serial number of another charge point.',
  'wrong-organization': 'It names another operator.',
  'weak-key': 'RSA of 1024 bits.',
  ca: 'It asks for the certificate of an authority.',
} as const
export type RequestFault = keyof typeof requestFaults

export type RequestKeyType = 'rsa' | 'ec'

export interface RequestSettings {
  readonly keyType: RequestKeyType
  readonly serialNumber: string
  /** CpoName (A02.FR.13). */
  readonly organization: string
  readonly fault: RequestFault
}

export interface MadeRequest {
  readonly pem: string
  readonly keys: KeyPair
}

/** A new key pair and a request for it (A02.FR.02, A02.FR.03): CN is the serial number, O the operator. */
export async function makeRequest(settings: RequestSettings): Promise<MadeRequest> {
  const { keyType, serialNumber, organization, fault } = settings
  const isRsa = keyType === 'rsa' || fault === 'weak-key'
  const keys = await generateKey(
    isRsa ? { type: 'rsa', bits: fault === 'weak-key' ? 1024 : 2048 } : { type: 'ec', curve: 'P-256' },
  )
  const algorithm = isRsa
    ? { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
    : { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    {
      name: [
        { O: [fault === 'wrong-organization' ? 'Another CPO' : organization] },
        { CN: [fault === 'foreign-cn' ? `${serialNumber}0` : serialNumber] },
      ],
      keys: {
        privateKey: keys.privateKey.toCryptoKey(algorithm, true, ['sign']),
        publicKey: keys.publicKey.toCryptoKey(algorithm, true, ['verify']),
      },
      signingAlgorithm: algorithm,
      extensions: fault === 'ca' ? [new x509.BasicConstraintsExtension(true, undefined, true)] : [],
    },
    webcrypto,
  )
  return { pem: fault === 'bad-signature' ? spoiled(request) : request.toString('pem'), keys }
}

function spoiled(request: x509.Pkcs10CertificateRequest): string {
  const der = Buffer.from(request.rawData)
  const last = der.length - 1
  der[last] = (der[last] ?? 0) ^ 1
  return new x509.Pkcs10CertificateRequest(der).toString('pem')
}

/** A request whose key is forgotten: to see who answers. */
export async function createRequestPem(serialNumber: string, organization: string): Promise<string> {
  return (await makeRequest({ keyType: 'ec', serialNumber, organization, fault: 'good' })).pem
}
