import type { LoadedFile } from '../convert.ts'
import type { ReadText } from '../resolve.ts'
import type { PlugAndChargeConfig } from '../schema.ts'

/** Passphrase and token of the pool come out of their files. */
export function resolvePlugAndCharge(
  section: NonNullable<LoadedFile['plugAndCharge']>,
  text: ReadText,
): PlugAndChargeConfig {
  const { pool, ...evCertificate } = section.evCertificate
  if (pool === undefined) return { ...section, evCertificate }
  const { passphraseFile, tokenFile, ...rest } = pool
  const secret = (file: string | undefined, key: string): string | null =>
    file === undefined ? null : text(file, ['plugAndCharge', 'evCertificate', 'pool', key])
  return {
    ...section,
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
