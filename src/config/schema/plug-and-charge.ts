import { Type } from 'typebox'
import { v2gAuthoritySchema } from './certificate-authority.ts'
import { about, choice, duration, file, integer, type Kinded, secretFile, url } from './kinds.ts'
import { allowedHosts, allowedNetworks } from './outbound.ts'

/** ISO 15118 (M01 to M06): what the proxy does itself in place of the central system. */

const mode = (what: string, requirements: readonly string[]) =>
  choice(['pass', 'serve'], {
    description: `${what} pass: the central system answers.`,
    default: 'pass',
    requirements,
  })

const hosts = allowedHosts(
  'Hosts of responders that charge points may name, as ocsp.example.com, or .example.com for all below.',
)

const networks = allowedNetworks('these hosts')

const issuers = (description: string, requirements: readonly string[]) =>
  Type.Array(file({ description: 'PEM file.' }), {
    maxItems: 64,
    uniqueItems: true,
    ...about({ description, default: [], requirements }),
  })

const certificateStatus = Type.Object(
  {
    mode: mode('GetCertificateStatus: serve asks the OCSP responder, and keeps its answers.', ['M06.FR.01']),
    hosts,
    networks,
    issuers: issuers(
      'PEM files of the V2G authorities whose certificates may be asked about: answers are held to their signature. When empty, any may be asked about, and the vehicle alone checks who signed.',
      ['M06.FR.08'],
    ),
    timeout: duration({
      description: 'How long a charge point waits for the answer.',
      default: '4s',
      minimum: 10,
      maximum: 60_000,
    }),
  },
  {
    additionalProperties: false,
    ...about({ description: 'The OCSP status of V2G certificates (M06).', default: {} }),
  },
)

const authorize = Type.Object(
  {
    mode: mode(
      'Authorize with the certificates of a contract: serve checks them by OCSP, and lets the central system decide about the contract id.',
      ['C07.FR.05'],
    ),
    hosts,
    networks,
    issuers: issuers(
      'PEM files of the authorities of mobility operators and V2G, from root to the last one below: contracts must be theirs, and OCSP answers are held to their signature.',
      ['C07.FR.05'],
    ),
    timeout: duration({
      description: 'How long the check may take; the question to the central system comes behind it.',
      default: '3s',
      minimum: 10,
      maximum: 60_000,
    }),
    unreachable: choice(['refuse', 'allow'], {
      description:
        'What becomes of a contract when a status cannot be had. allow takes revoked ones as long as the responder is away.',
      default: 'refuse',
      requirements: ['C07.FR.05'],
    }),
  },
  {
    additionalProperties: false,
    ...about({ description: 'Authorize with contract certificates (Plug & Charge).', default: {} }),
  },
)

const pool = Type.Object(
  {
    url: Type.Unsafe<Kinded<'url'>>({
      ...url({
        description:
          'Takes a POST of iso15118SchemaVersion, action and exiRequest in JSON, and answers 200 with status and exiResponse.',
        requirements: ['M01.FR.01', 'M02.FR.01'],
      }),
      'x-expects': 'an http:// or https:// URL',
    }),
    ca: Type.Optional(
      file({
        description: 'PEM file of the roots that the pool is checked against, in place of the public ones.',
      }),
    ),
    certificate: Type.Optional(
      file({ description: 'PEM file of our TLS client certificate, with its chain.' }),
    ),
    key: Type.Optional(file({ description: 'PEM file of its private key.' })),
    passphraseFile: Type.Optional(secretFile({ description: 'File with the passphrase of that key.' })),
    tokenFile: Type.Optional(
      secretFile({ description: 'File with a token; it is sent as Authorization: Bearer.' }),
    ),
    timeout: duration({
      description:
        'From the question of the charge point to the answer, a second attempt included. The vehicle waits 5 s (ISO 15118-2).',
      default: '4500ms',
      minimum: 10,
      maximum: 60_000,
    }),
    concurrency: integer({
      description: 'Requests under way at a time; those above fail at once.',
      default: 64,
      minimum: 1,
      maximum: 10_000,
      requirements: ['CWE-770'],
    }),
  },
  { additionalProperties: false, ...about({ description: 'The contract certificate pool.' }) },
)

const evCertificate = Type.Object(
  {
    mode: mode('Get15118EVCertificate: serve asks the pool.', ['M01.FR.01', 'M02.FR.01']),
    pool: Type.Optional(pool),
  },
  {
    additionalProperties: false,
    ...about({ description: 'Contract certificates of vehicles, new and renewed (M01, M02).', default: {} }),
  },
)

const signCertificate = Type.Object(
  {
    mode: mode('SignCertificate for a V2G certificate: serve has it signed by authority.', ['A02.FR.04']),
    organizations: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
      maxItems: 32,
      uniqueItems: true,
      ...about({
        description: 'organizationName that a request may have; those of cpo.names when empty.',
        default: [],
        requirements: ['A02.FR.13'],
      }),
    }),
    commonNames: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
      maxItems: 32,
      minItems: 1,
      uniqueItems: true,
      ...about({
        description:
          'commonName that a request may have. Templates: {identity} {serialNumber}. * alone is any, so that a charge point can ask for the name of another.',
        default: ['{serialNumber}', '{identity}'],
        requirements: ['A02.FR.12'],
      }),
    }),
    authority: Type.Optional(v2gAuthoritySchema),
  },
  {
    additionalProperties: false,
    ...about({ description: 'V2G certificates of charge points.', default: {} }),
  },
)

export const plugAndChargeSchema = Type.Object(
  { certificateStatus, evCertificate, signCertificate, authorize },
  {
    additionalProperties: false,
    ...about({
      description:
        'ISO 15118 Plug & Charge: messages of OCPP 2.0.1, which OCPP 1.6 carries in DataTransfer (vendorId org.openchargealliance.iso15118pnc). Everything passes to the central system when left out.',
      requirements: ['M01.FR.01', 'M02.FR.01', 'M06.FR.01'],
    }),
  },
)
