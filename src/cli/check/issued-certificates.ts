import { prepareAuthorities } from '../../app/authorities.ts'
import { serverIssuers } from '../../app/server-certificates.ts'
import { type KeyFinding, type KeyPath, warning } from '../../config/problem.ts'
import type { IssuedServerCertificate } from '../../config/schema.ts'
import { familyOf } from '../../policy/key-types.ts'
import type { CheckContext } from './context.ts'

/** What cannot be read is said about `certificateAuthority` already: nothing is said here then. */
export function checkIssued(
  { config, now, readFile }: CheckContext,
  { keyTypes }: IssuedServerCertificate,
  path: KeyPath,
): KeyFinding[] {
  const unused = () => Promise.reject(new Error('nothing is issued by a check'))
  const index = { record: unused, find: unused, revoked: unused }
  try {
    const deps = { index, now: () => now, readFile }
    const issuers = serverIssuers(prepareAuthorities(config.certificateAuthority, deps).issuers)
    return [...new Set(keyTypes.map(familyOf))].flatMap((family) => {
      const { publicKey } = issuers[family].issuer.certificate
      const signer = publicKey.asymmetricKeyType?.startsWith('rsa') ? 'rsa' : 'ec'
      // A00.FR.317: the mandatory suites with RSA are there for charge points that know nothing else.
      if (family !== 'rsa' || signer === 'rsa') return []
      const text =
        'the RSA certificate is signed by an authority on an elliptic curve: charge points that know RSA only cannot verify it; set certificateAuthority.rsa'
      return [warning([...path, 'issue'], text, ['A00.FR.317'])]
    })
  } catch {
    return []
  }
}
