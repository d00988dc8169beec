import type { LoadedFile } from '../convert.ts'
import type { KeyPath } from '../problem.ts'
import type { ReadText } from '../resolve.ts'
import { issueDefaults } from '../schema/server-certificate.ts'
import type { ServerCertificateConfig } from '../schema.ts'

type Tls = NonNullable<LoadedFile['listeners'][number]['tls']>

/**
 * One of the three forms of a server certificate; `names` are those of the tls section. What the rules
 * found wrong becomes something of the right shape: nobody gets to see such a configuration.
 */
export function resolveServerCertificate(
  one: Tls['certificates'][number],
  names: readonly string[],
  path: KeyPath,
  text: ReadText,
): ServerCertificateConfig {
  if (one.issue !== undefined) {
    const { lifetime, keyTypes } = { ...issueDefaults, ...withoutUndefined(one) }
    return { issue: one.issue, names: one.names ?? names, lifetime, keyTypes }
  }
  const { certificate = '', key = '', pkcs12, passphraseFile } = one
  const passphrase = passphraseFile === undefined ? null : text(passphraseFile, [...path, 'passphraseFile'])
  if (pkcs12 !== undefined) return { pkcs12, passphrase: passphrase ?? '' }
  return passphrase === null ? { certificate, key } : { certificate, key, passphrase }
}

function withoutUndefined({ lifetime, keyTypes }: Tls['certificates'][number]) {
  return { ...(lifetime === undefined ? {} : { lifetime }), ...(keyTypes === undefined ? {} : { keyTypes }) }
}
