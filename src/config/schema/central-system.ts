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

export const centralSystemSchema = Type.Object(
  {
    url: url({
      description: 'ws:// or wss:// URL of the central system; "/" and the identity are appended.',
      requirements: ['OCPP-J 3.1.1'],
    }),
    preset: choice(['generic', 'steve'], {
      description: 'Headers that a known central system wants, set by the proxy beside your own.',
      default: 'generic',
    }),
    authorization: Type.Union(
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
    ),
    headers: Type.Record(Type.String(), Type.String({ maxLength: 4096, 'x-secret': true }), {
      maxProperties: 64,
      'x-secret': true,
      ...about({
        description:
          'Request headers for the central system. Templates: {identity} {serialNumber} {profile} {certificate} {remoteAddress} {listener}. Copies that a charge point sends are dropped.',
        default: {},
      }),
    }),
    securityMessages: choice(['answer', 'forward'], {
      description:
        'The messages of the security white paper that charge points send (SecurityEventNotification, SignCertificate, LogStatusNotification, SignedFirmwareStatusNotification): answer them here, because the central system does not know them, or forward them to one that does.',
      default: 'answer',
      requirements: ['A02.FR.11', 'A02.FR.12', 'A04.FR.03'],
    }),
    connectTimeout: duration({
      description: 'Time until the central system must have answered the upgrade.',
      default: '10s',
      maximum: 600_000,
    }),
    ca: Type.Optional(
      file({
        description:
          'PEM file of the roots that a wss:// central system is checked against, instead of the public ones.',
      }),
    ),
  },
  { additionalProperties: false, ...about({ description: 'The central system behind the proxy.' }) },
)
