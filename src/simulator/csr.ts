// @peculiar/x509 resolves its parts by decorators and needs this polyfill to be there first.
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

/**
 * A certificate request of a charge point with a new P-256 key (A02): CN is the serial number, O the
 * name of the operator (A00.FR.405, A00.FR.404). The key is forgotten: this is to see who answers.
 */
export async function createRequestPem(serialNumber: string, organization: string): Promise<string> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [serialNumber] }, { O: [organization] }],
    keys,
    signingAlgorithm: algorithm,
  })
  return request.toString('pem')
}
