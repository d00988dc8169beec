import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeCrl } from '../../pki/authority/crl.ts'
import { privateKeyPem } from '../../pki/keys.ts'
import { type Credentials, dayMs, issueIntermediate } from '../../pki/profiles.ts'

/** What the authorities of the demo have revoked. */
export const crlFiles = ['cpo.crl', 'late.crl', 'forged.crl'] as const
/** Serial number of the certificate that the root has revoked. */
export const revokedSerialNumber = '0DEAD5'

/**
 * The CRL of the root, and two authorities below it that nobody can rely on: one publishes late, in place
 * of the CRL of the other there is one by a stranger. `now` in milliseconds since the epoch.
 */
export async function writeRevocationLists(folder: string, organization: string, now: number): Promise<void> {
  const read = (name: string) => readFile(join(folder, name), 'utf8')
  const root: Credentials = {
    certificate: new X509Certificate(await read('cpo-root-ecdsa.pem')),
    privateKey: createPrivateKey(await read('cpo-root-ecdsa.key')),
  }
  const request = { keys: { type: 'ec', curve: 'P-256' }, now, days: 30 } as const
  const [late, lost, stranger] = await Promise.all(
    ['Late authority', 'Lost authority', 'Lost authority'].map((name) =>
      issueIntermediate(root, name, organization, request),
    ),
  )
  if (late === undefined || lost === undefined || stranger === undefined) return
  const write = (name: string, content: string | Buffer) => writeFile(join(folder, name), content)
  for (const [name, { certificate, privateKey }] of [
    ['late-authority', late],
    ['lost-authority', lost],
  ] as const) {
    await write(`${name}.pem`, certificate.toString())
    await writeFile(join(folder, `${name}.key`), privateKeyPem(privateKey), { mode: 0o600 })
  }
  const list = (issuer: Credentials, thisUpdate: number, revoked: readonly string[] = []) =>
    writeCrl({
      issuer,
      revoked: revoked.map((serialNumber) => ({ serialNumber, at: thisUpdate, reason: 'keyCompromise' })),
      number: 1n,
      thisUpdate,
      nextUpdate: thisUpdate + dayMs,
    })
  await write('cpo.crl', list(root, now - 60_000, [revokedSerialNumber]))
  await write('late.crl', list(late, now - 2 * dayMs))
  await write('forged.crl', list(stranger, now - 60_000))
}
