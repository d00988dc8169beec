import { Type } from 'typebox'
import {
  about,
  choice,
  dataFile,
  duration,
  file,
  flag,
  integer,
  type Kinded,
  secretFile,
  url,
} from './kinds.ts'

/** Who signs the certificates of charge points (A02, A03, A00.FR.601, A00.FR.703). */

const day = 86_400_000

const webUrl = (description: string, pattern: 'https' | 'http') =>
  Type.Unsafe<Kinded<'url'>>({
    ...url({ description }),
    'x-expects': pattern === 'https' ? 'an https:// URL' : 'an http:// or https:// URL',
  })

const passphraseFile = (of: string) =>
  Type.Optional(
    secretFile({ description: `File with the passphrase of ${of}.`, requirements: ['A00.FR.602'] }),
  )

const localWith = (lifetime: string) =>
  Type.Object(
    {
      certificate: Type.Optional(
        file({
          description: 'PEM file: the certificate of the authority, and those above it where it is no root.',
          requirements: ['A00.FR.601'],
        }),
      ),
      key: Type.Optional(
        file({
          description: 'PEM file of its private key. Nobody but the proxy may read it.',
          requirements: ['A00.FR.602'],
        }),
      ),
      pkcs12: Type.Optional(
        file({
          description: 'PKCS #12 bundle, in place of certificate and key.',
          requirements: ['A00.FR.602'],
        }),
      ),
      passphraseFile: passphraseFile('the key or of the bundle'),
      roots: Type.Optional(
        file({
          description:
            'PEM file of the root, where the authority is below one that the files above do not hold.',
        }),
      ),
      lifetime: duration({
        description:
          'How long a certificate of a charge point lives; never longer than the authority itself.',
        default: lifetime,
        minimum: 3_600_000,
        maximum: 3650 * day,
      }),
      rsaPadding: choice(['pkcs1', 'pss'], {
        description:
          'How an RSA key signs. pss is recommended by the white paper, and refused by many charge points and test tools.',
        default: 'pkcs1',
        requirements: ['A00.FR.505'],
      }),
      extendedKeyUsage: flag({
        description: 'Write clientAuth into the certificates; false for charge points that dislike it.',
        default: true,
      }),
      crlUrl: Type.Optional(
        webUrl(
          'Where the certificates say that the CRL is had; the proxy serves it at /pki/ of the admin address.',
          'http',
        ),
      ),
      ocspUrl: Type.Optional(
        webUrl(
          'Where the certificates say that OCSP is answered; the proxy does so at /pki/ of the admin address.',
          'http',
        ),
      ),
      crlFile: Type.Optional(
        dataFile({
          description: 'The CRL is written here as well, in PEM, for other programs to serve or to trust.',
        }),
      ),
      crlLifetime: duration({
        description: 'Until when a CRL and an OCSP answer hold; a CRL is made anew after half of it.',
        default: '24h',
        minimum: 60_000,
        maximum: 30 * day,
      }),
    },
    {
      additionalProperties: false,
      ...about({ description: 'An authority in the proxy itself.', requirements: ['A00.FR.601'] }),
    },
  )

const clientOf = {
  ca: Type.Optional(
    file({
      description: 'PEM file of the roots that the server is checked against, in place of the public ones.',
    }),
  ),
  certificate: Type.Optional(
    file({ description: 'PEM file of our TLS client certificate, with its chain.' }),
  ),
  key: Type.Optional(file({ description: 'PEM file of its private key.' })),
  passphraseFile: passphraseFile('that key'),
  roots: file({
    description: 'PEM file of the roots that issued certificates must end in.',
    requirements: ['A00.FR.403'],
  }),
  timeout: duration({
    description: 'For one request to the authority.',
    default: '30s',
    minimum: 100,
    maximum: 600_000,
  }),
}

const est = Type.Object(
  {
    url: webUrl(
      'With the label where there is one: https://ca.example.com/.well-known/est/chargers',
      'https',
    ),
    username: Type.Optional(
      Type.String({ minLength: 1, maxLength: 512, ...about({ description: 'HTTP Basic user name.' }) }),
    ),
    passwordFile: Type.Optional(secretFile({ description: 'File with the HTTP Basic password.' })),
    reenroll: flag({
      description:
        'Renewals by simplereenroll. Many servers want the old certificate of the charge point itself for that.',
      default: false,
    }),
    ...clientOf,
  },
  {
    additionalProperties: false,
    ...about({ description: 'An authority that is asked by EST (RFC 7030).', requirements: ['A00.FR.703'] }),
  },
)

const http = Type.Object(
  {
    url: webUrl('Takes a POST of the request in PEM, and answers with the chain in PEM.', 'http'),
    headers: Type.Record(Type.String(), Type.String({ maxLength: 4096, 'x-secret': true }), {
      maxProperties: 32,
      'x-secret': true,
      ...about({
        description: 'Request headers. Templates: {identity} {serialNumber} {organization} {token}.',
        default: {},
      }),
    }),
    tokenFile: Type.Optional(secretFile({ description: 'File with what {token} stands for.' })),
    ...clientOf,
  },
  {
    additionalProperties: false,
    ...about({ description: 'An authority behind an HTTP POST.', requirements: ['A00.FR.703'] }),
  },
)

const sourceWith = (lifetime: string) => ({
  local: Type.Optional(localWith(lifetime)),
  est: Type.Optional(est),
  http: Type.Optional(http),
})
const source = sourceWith('365d')

const ofKeyType = (keys: string) =>
  Type.Optional(
    Type.Object(source, {
      additionalProperties: false,
      ...about({
        description: `The authority for requests with ${keys}, in place of the one above.`,
        requirements: ['A00.FR.317'],
      }),
    }),
  )

const rules = {
  minimumLifetime: duration({
    description:
      'A certificate that ends sooner is not handed on: charge points begin to renew a month before the end.',
    default: '32d',
    minimum: 0,
    maximum: 3650 * day,
    requirements: ['A03.FR.01'],
  }),
  giveUpAfter: duration({
    description: 'How long a request that was accepted is tried again while the authority cannot be asked.',
    default: '24h',
    minimum: 1_000,
    maximum: 30 * day,
    requirements: ['A02.FR.04'],
  }),
  requestsPerHour: integer({
    description: 'New requests of one charge point in an hour; what is more is answered Rejected.',
    default: 10,
    minimum: 1,
    maximum: 1000,
    requirements: ['CWE-770'],
  }),
}

const authorityFields = {
  ...source,
  rsa: ofKeyType('RSA keys'),
  ec: ofKeyType('keys on elliptic curves'),
  ...rules,
}

export const certificateAuthoritySchema = Type.Object(authorityFields, {
  additionalProperties: false,
  ...about({
    description:
      'Who signs the certificates of charge points (A02, A03): one of local, est and http, or another for each type of key. None when left out: SignCertificate is answered Rejected.',
    requirements: ['A00.FR.601', 'A00.FR.703', 'A02.FR.04', 'A03.FR.04'],
  }),
})

/**
 * The same for V2G certificates: an authority of its own, in another domain of trust. Vehicles know no RSA, and
 * ISO 15118-2 has certificates of two to three months.
 */
export const v2gAuthoritySchema = Type.Object(
  { ...sourceWith('90d'), ...rules },
  {
    additionalProperties: false,
    ...about({
      description:
        'Who signs V2G certificates: one of local, est and http. Its roots must be none that a listener trusts or that certificateAuthority ends in. Of a local one the proxy serves neither CRL nor OCSP.',
      requirements: ['A02.FR.04'],
    }),
  },
)
