import { Type } from 'typebox'
import { about, choice } from './kinds.ts'

/** What may be said once a charge point is connected. */

const actionList = (description: string, more: object = {}) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 50, ...about({ description: 'Name of an action.' }) }), {
    maxItems: 128,
    uniqueItems: true,
    ...about({ description, restart: true, ...more }),
  })

const keyList = (description: string, more: object = {}) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 50, ...about({ description: 'Configuration key.' }) }), {
    maxItems: 256,
    uniqueItems: true,
    ...about({ description, ...more }),
  })

const fromCentralSystem = Type.Object(
  {
    allow: Type.Optional(
      actionList(
        'The only actions that the central system may send. Without this list: all of them. The rest is answered with SecurityError and becomes a security event.',
      ),
    ),
    deny: actionList('Actions that it may not send, whatever allow says.', { default: [] }),
    allowConfigurationKeys: Type.Optional(
      keyList(
        'The only keys that it may set with ChangeConfiguration; upper and lower case are the same. Without this list: all of them.',
      ),
    ),
    denyConfigurationKeys: keyList(
      'Keys that it may not set, whatever allowConfigurationKeys says. Reading them is not touched.',
      { default: [] },
    ),
  },
  {
    additionalProperties: false,
    ...about({ description: 'What the central system may send to charge points.', default: {} }),
  },
)

/** Certificates are for profiles 2 and 3; a fleet on 0 and 1 gets its passwords and its new profile there. */
const overProfile = (profile: 0 | 1) =>
  Type.Object(
    {
      certificates: choice(['refuse', 'allow'], {
        description:
          'SignCertificate, CertificateSigned, InstallCertificate, DeleteCertificate, GetInstalledCertificateIds and their trigger, also inside a DataTransfer.',
        default: 'refuse',
        requirements: ['A00.FR.206', 'CWE-345'],
      }),
      passwords: choice(['refuse', 'allow'], {
        description:
          'ChangeConfiguration of AuthorizationKey. Whoever listens on the line learns the password.',
        default: 'allow',
        requirements: ['A01.FR.02', 'CWE-319'],
      }),
      profile: choice(['refuse', 'allow'], {
        description: 'ChangeConfiguration of SecurityProfile: the way to a higher one.',
        default: 'allow',
        requirements: ['A05.FR.05'],
      }),
    },
    {
      additionalProperties: false,
      ...about({ description: `Over security profile ${profile}.`, default: {} }),
    },
  )

export const messagesSchema = Type.Object(
  {
    fromCentralSystem,
    overInsecureProfiles: Type.Object(
      { profile0: overProfile(0), profile1: overProfile(1) },
      {
        additionalProperties: false,
        ...about({
          description:
            'Messages about secrets on connections without TLS: refuse answers them with SecurityError.',
          default: {},
          requirements: ['A00.FR.206'],
        }),
      },
    ),
    schema: choice(['off', 'report', 'enforce'], {
      description:
        'Holds payloads against the JSON schemas of OCPP 1.6 and of the white paper. report counts and logs what breaks them; enforce also answers such a CALL with a CALLERROR. Answers are only ever reported.',
      default: 'off',
      restart: true,
      requirements: ['OCPP-J 4.2.3'],
    }),
    schemaTransactions: choice(['report', 'enforce'], {
      description:
        'The same for StartTransaction, StopTransaction and MeterValues of charge points, where schema is enforce. A charge point drops such a message after some CALLERRORs: enforce can lose billing data.',
      default: 'report',
      requirements: ['OCPP 1.6 3.7'],
    }),
  },
  {
    additionalProperties: false,
    ...about({ description: 'Messages of connected charge points.', default: {} }),
  },
)
