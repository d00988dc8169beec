import type { LoadedFile } from '../convert.ts'
import type { ReadText } from '../resolve.ts'
import type { PlugAndChargeConfig } from '../schema.ts'
import { resolveCertificateAuthority } from './certificate-authority.ts'

/** Secrets of the pool and of the authority come out of their files. */
export function resolvePlugAndCharge(
  section: NonNullable<LoadedFile['plugAndCharge']>,
  text: ReadText,
): PlugAndChargeConfig {
  const { authority, ...signing } = section.signCertificate
  const path = ['plugAndCharge', 'signCertificate', 'authority']
  const signCertificate =
    authority === undefined
      ? signing
      : { ...signing, authority: resolveCertificateAuthority(authority, text, path) }
  const { pool, ...evCertificate } = section.evCertificate
  if (pool === undefined) return { ...section, signCertificate, evCertificate }
  const { passphraseFile, tokenFile, ...rest } = pool
  const secret = (file: string | undefined, key: string): string | null =>
    file === undefined ? null : text(file, ['plugAndCharge', 'evCertificate', 'pool', key])
  return {
    ...section,
    signCertificate,
    evCertificate: {
      ...evCertificate,
      pool: {
        ...rest,
        passphrase: secret(passphraseFile, 'passphraseFile'),
        token: secret(tokenFile, 'tokenFile'),
      },
    },
  }
}
