import { Type } from 'typebox'
import { keyTypeNames } from '../../policy/key-types.ts'
import { about, choice, duration, file, secretFile } from './kinds.ts'

/**
 * A server certificate of a listener: `certificate` and `key`, or `pkcs12`, or `issue`. The rules say
 * which keys go together.
 */

/** How long an issued certificate lives, and for which keys, where nothing is said. */
export const issueDefaults = { lifetime: 23 * 3_600_000, keyTypes: ['rsa-2048', 'p-256'] } as const

export const serverCertificate = Type.Object(
  {
    certificate: Type.Optional(
      file({
        description: 'PEM file of the server certificate, followed by its intermediate certificates.',
        requirements: ['A00.FR.306', 'A00.FR.410', 'A00.FR.510'],
      }),
    ),
    key: Type.Optional(
      file({
        description: 'PEM file of the private key. Nobody but the proxy may read it.',
        requirements: ['A00.FR.602'],
      }),
    ),
    pkcs12: Type.Optional(
      file({
        description:
          'PKCS #12 file (.p12, .pfx) with key, certificate and intermediate certificates, in place of the PEM files. Nobody but the proxy may read it.',
        requirements: ['A00.FR.306', 'A00.FR.410', 'A00.FR.602'],
      }),
    ),
    passphraseFile: Type.Optional(
      secretFile({
        description: 'File with the passphrase of an encrypted key, or of the PKCS #12 file.',
        requirements: ['A00.FR.602'],
      }),
    ),
    issue: Type.Optional(
      choice(['local'], {
        description:
          'The proxy makes short-lived certificates itself, signed by certificateAuthority.local, and renews them before two thirds of their life. Their keys are never on disk.',
        requirements: ['A00.FR.601', 'A00.FR.701'],
      }),
    ),
    names: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 253 }), {
        minItems: 1,
        maxItems: 64,
        uniqueItems: true,
        ...about({
          description:
            'With issue: host names (FQDN) of the certificate, the first as its CN, all as subjectAltName. Without it: names of the tls section.',
          requirements: ['A00.FR.510'],
        }),
      }),
    ),
    lifetime: Type.Optional(
      duration({
        description: 'With issue: how long a certificate is valid, less than 24 hours. Without it: 23h.',
        minimum: 10_000,
        maximum: 85_800_000,
        requirements: ['A00.FR.701'],
      }),
    ),
    keyTypes: Type.Optional(
      Type.Array(choice(keyTypeNames, { description: 'Kind of key.' }), {
        minItems: 1,
        maxItems: 2,
        uniqueItems: true,
        ...about({
          description:
            'With issue: one certificate for each of these keys, at most one RSA and one ECDSA. Without it: rsa-2048 and p-256.',
          requirements: ['A00.FR.317', 'A00.FR.421', 'A00.FR.502', 'A00.FR.503'],
        }),
      }),
    ),
  },
  { additionalProperties: false },
)
