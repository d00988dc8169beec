import { Type } from 'typebox'
import { about, choice, duration, fileOrUrl, size } from './kinds.ts'
import { allowedHosts, allowedNetworks } from './outbound.ts'

/** Who says which charge point certificates are revoked, and what follows (A00.FR.702, A00.FR.704). */

const MiB = 1024 * 1024
const requirements = ['A00.FR.702', 'A00.FR.704']

const liveSessions = Type.Object(
  {
    revoked: choice(['end', 'keep'], {
      description:
        'A certificate is revoked or denied while its charge point is connected: end the session, or keep it and report it once.',
      default: 'end',
      requirements,
    }),
    expired: choice(['end', 'keep'], {
      description:
        'A certificate of the path expires meanwhile. keep leaves the charge point the time to get a new one (A02).',
      default: 'end',
      requirements: ['A00.FR.403', 'A00.FR.407'],
    }),
    recheck: duration({
      description: 'How often the OCSP responder is asked about the certificates of sessions; 0s never.',
      default: '15m',
      minimum: 0,
      requirements,
    }),
  },
  {
    additionalProperties: false,
    ...about({ description: 'Charge points that are connected already.', default: {} }),
  },
)

const asking = {
  hosts: allowedHosts(
    'Hosts of responders that certificates may name, as ocsp.example.com, or .example.com for all below. Those of crl and responder are allowed anyway.',
  ),
  networks: allowedNetworks('these hosts'),
  method: choice(['post', 'get'], {
    description: 'How OCSP is asked. GET lets caches on the way answer.',
    default: 'post',
  }),
  certIdHash: choice(['sha256', 'sha1'], {
    description: 'Hash in the CertID of a request; sha1 for old responders that know no other.',
    default: 'sha256',
  }),
  nonce: choice(['off', 'send', 'require'], {
    description:
      'Nonce in OCSP requests. Responders that answer from a store ignore it; require refuses their answers.',
    default: 'off',
    requirements: ['RFC 9654'],
  }),
  wait: duration({
    description: 'How long a connection waits for the responder; the request goes on.',
    default: '2s',
    minimum: 10,
    maximum: 60_000,
  }),
  timeout: duration({
    description: 'How long a request to the responder may take in all.',
    default: '5s',
    minimum: 10,
    maximum: 60_000,
  }),
  grace: duration({
    description: 'hard: how long a good answer still counts after its end while there is no new one.',
    default: '0s',
    minimum: 0,
    maximum: 7 * 86_400_000,
  }),
  crlTimeout: duration({
    description: 'How long fetching a CRL may take in all.',
    default: '30s',
    minimum: 10,
    maximum: 600_000,
  }),
  crlBytes: size({
    description: 'Size of one CRL. 32MiB hold some 800,000 revoked certificates.',
    default: '32MiB',
    minimum: 1024,
    maximum: 256 * MiB,
    requirements: ['CWE-770'],
  }),
}

/** Who is asked, for whatever certificates. */
export const revocationSources = {
  crl: Type.Array(fileOrUrl({ description: 'File or URL.' }), {
    maxItems: 64,
    uniqueItems: true,
    ...about({
      description:
        'Full CRLs, PEM or DER: files, read again when they change, or http(s) URLs, fetched again in time. Every certificate of a path but its root is looked up.',
      default: [],
      requirements,
    }),
  }),
  onStaleCrl: choice(['refuse', 'admit'], {
    description:
      'The CRL that a certificate should be on is past its nextUpdate, missing or of no use, and no responder vouches for it.',
    default: 'refuse',
    requirements,
  }),
  ocsp: choice(['off', 'soft', 'hard'], {
    description:
      'Ask the OCSP responder about the charge point certificate. soft admits while there is no answer, hard refuses without a proof.',
    default: 'off',
    requirements,
  }),
  responder: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 2048,
      'x-expects': 'an http:// or https:// URL',
      ...about({ description: 'URL of the responder, in place of those that certificates name.' }),
    }),
  ),
  ...asking,
}

export const revocationSchema = Type.Object(
  {
    ...revocationSources,
    liveSessions,
  },
  {
    additionalProperties: false,
    ...about({
      description:
        'Who says which certificates are revoked. The local deny list (`certificates revoke`) counts always.',
      default: {},
      requirements,
    }),
  },
)
