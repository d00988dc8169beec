import type { LoadedFile } from '../convert.ts'
import type { KeyPath } from '../problem.ts'
import type { ReadText } from '../resolve.ts'
import type { AuthoritySource, CertificateAuthorityConfig } from '../schema.ts'

type Section = NonNullable<LoadedFile['certificateAuthority']>
type Source = Pick<Section, 'local' | 'est' | 'http'>

/** Passphrases, passwords and tokens of the authorities come out of their files. */
export function resolveCertificateAuthority(
  section: Section,
  text: ReadText,
  path: KeyPath = ['certificateAuthority'],
): CertificateAuthorityConfig {
  const { local, est, http, rsa, ec, ...settings } = section
  return {
    ...settings,
    ...sourceOf({ local, est, http }, path, text),
    ...(rsa === undefined ? {} : { rsa: sourceOf(rsa, [...path, 'rsa'], text) }),
    ...(ec === undefined ? {} : { ec: sourceOf(ec, [...path, 'ec'], text) }),
  }
}

function sourceOf(
  source: { [Key in keyof Source]: Source[Key] | undefined },
  path: KeyPath,
  text: ReadText,
): AuthoritySource {
  const secret = (file: string | undefined, ...key: string[]): string | null =>
    file === undefined ? null : text(file, [...path, ...key])
  const { local, est, http } = source
  const sources: { -readonly [Key in keyof AuthoritySource]: AuthoritySource[Key] } = {}
  if (local !== undefined) {
    const { passphraseFile, ...rest } = local
    sources.local = { ...rest, passphrase: secret(passphraseFile, 'local', 'passphraseFile') }
  }
  if (est !== undefined) {
    const { passphraseFile, passwordFile, ...rest } = est
    sources.est = {
      ...rest,
      passphrase: secret(passphraseFile, 'est', 'passphraseFile'),
      password: secret(passwordFile, 'est', 'passwordFile'),
    }
  }
  if (http !== undefined) {
    const { passphraseFile, tokenFile, ...rest } = http
    sources.http = {
      ...rest,
      passphrase: secret(passphraseFile, 'http', 'passphraseFile'),
      token: secret(tokenFile, 'http', 'tokenFile'),
    }
  }
  return sources
}
