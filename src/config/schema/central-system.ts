import { Type } from 'typebox'
import { about, choice, duration, file, secretFile, url } from './kinds.ts'

const fixedCredentials = Type.Object(
  {
    username: Type.String({
      minLength: 1,
      maxLength: 512,
      ...about({ description: 'Basic user name; a template as in headers.' }),
    }),
    password: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1024,
        'x-secret': true,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of the configuration
        ...about({ description: 'Basic password, as ${ENV}.' }),
      }),
    ),
    passwordFile: Type.Optional(
      secretFile({ description: 'File with the Basic password, instead of password.' }),
    ),
  },
  { additionalProperties: false },
)

const centralSystemUrl = url({
  description: 'ws:// or wss:// URL of the central system; "/" and the identity are appended.',
  requirements: ['OCPP-J 3.1.1'],
})

const authorization = Type.Union(
  [Type.Literal('strip'), Type.Literal('forward'), Type.Literal('perChargePoint'), fixedCredentials],
  {
    'x-secret': true,
    'x-expects': 'strip, forward, perChargePoint or { username, passwordFile }',
    ...about({
      description:
        'HTTP Basic towards the central system: none, that of the charge point, one of its own per charge point (`credentials set --upstream`), or a fixed one.',
      default: 'strip',
    }),
  },
)

const headers = Type.Record(Type.String(), Type.String({ maxLength: 4096, 'x-secret': true }), {
  maxProperties: 64,
  'x-secret': true,
  ...about({
    description:
      'Request headers for the central system. Templates: {identity} {serialNumber} {profile} {certificate} {remoteAddress} {listener}. Copies that a charge point sends are dropped.',
    default: {},
  }),
})

const connectTimeout = duration({
  description: 'Time until the central system must have answered the upgrade.',
  default: '10s',
  maximum: 600_000,
})

const ca = Type.Optional(
  file({
    description:
      'PEM file of the roots that a wss:// central system is checked against, instead of the public ones.',
  }),
)

/** Takes what charge points say in OCPP 1.6. */
export const centralSystemSchema = Type.Object(
  {
    url: centralSystemUrl,
    preset: choice(['generic', 'steve'], {
      description: 'Headers that a known central system wants, set by the proxy beside your own.',
      default: 'generic',
    }),
    authorization,
    headers,
    securityMessages: choice(['answer', 'forward'], {
      description:
        'The messages of the security white paper that charge points send (SecurityEventNotification, SignCertificate, LogStatusNotification, SignedFirmwareStatusNotification): answer them here, because the central system does not know them, or forward them to one that does.',
      default: 'answer',
      requirements: ['A02.FR.11', 'A02.FR.12', 'A04.FR.03'],
    }),
    connectTimeout,
    ca,
  },
  { additionalProperties: false, ...about({ description: 'The central system behind the proxy.' }) },
)

/** Takes what charge points say in OCPP 2.0.1: it may be the same system under another URL. */
export const centralSystem201Schema = Type.Object(
  {
    url: centralSystemUrl,
    authorization,
    headers,
    certificates: choice(['pass', 'serve'], {
      description:
        'Certificates of charge points that speak OCPP 2.0.1: pass SignCertificate on to the central system, or serve it by certificateAuthority, and the central system sees nothing of it. Requests for V2G certificates are a matter of plugAndCharge.',
      default: 'pass',
      requirements: ['A02.FR.11', 'A02.FR.12', 'A03.FR.11', 'A03.FR.12'],
    }),
    connectTimeout,
    ca,
  },
  {
    additionalProperties: false,
    ...about({
      description:
        'The central system for charge points that speak OCPP 2.0.1. A listener that serves ocpp2.0.1 needs it.',
      requirements: ['A00.FR.006'],
    }),
  },
)
