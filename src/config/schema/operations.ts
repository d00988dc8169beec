import { Type } from 'typebox'
import { type CheckMode, reasons, type SwitchableReason, switchableReasons } from '../../policy/reasons.ts'
import { about, address, choice, dataFile, duration, integer, secretFile } from './kinds.ts'
import { redisSchema } from './store-redis.ts'

/** The sections that are about running the proxy rather than about its traffic. */

const checks = Type.Unsafe<{ [Code in SwitchableReason]?: CheckMode }>(
  Type.Object(
    Object.fromEntries(
      switchableReasons.map((code) => [
        code,
        Type.Optional(
          choice(['enforce', 'report', 'off'], {
            description: reasons[code].meaning,
            requirements: reasons[code].requirements,
          }),
        ),
      ]),
    ),
    {
      additionalProperties: false,
      ...about({
        description:
          'How single checks act: enforce refuses (the default), report admits and counts, off does not look.',
        default: {},
      }),
    },
  ),
)

export const admissionSchema = Type.Object(
  {
    unknownChargePoints: choice(['refuse', 'learn'], {
      description:
        'A charge point that is not registered: refuse it, or add it with what it showed. learn is for the first days of a retrofit.',
      default: 'refuse',
      requirements: ['CWE-306'],
    }),
    checks,
  },
  { additionalProperties: false, ...about({ description: 'Who is let in.', default: {} }) },
)

export const storeSchema = Type.Object(
  {
    sqlite: Type.Optional(
      dataFile({
        description:
          'SQLite file of the registry, refusals, security events and campaigns; made when missing.',
        restart: true,
      }),
    ),
    redis: Type.Optional(redisSchema),
    sealingKeyFile: Type.Optional(
      secretFile({
        description: 'Key of 32 bytes (raw, hex or base64) that seals the passwords for the central system.',
        restart: true,
      }),
    ),
    rejections: Type.Object(
      {
        keep: integer({
          description: 'Refusals that are kept at most.',
          default: 100_000,
          minimum: 1,
          maximum: 100_000_000,
        }),
        age: duration({
          description: 'How long refusals are kept.',
          default: '90d',
          minimum: 60_000,
          maximum: 3650 * 86_400_000,
        }),
      },
      {
        additionalProperties: false,
        ...about({
          description: 'Retention of refusals.',
          default: {},
          requirements: ['A00.FR.323', 'CWE-770'],
        }),
      },
    ),
  },
  { additionalProperties: false, ...about({ description: 'Where the durable state is.' }) },
)

export const adminSchema = Type.Object(
  {
    address: address({
      description: 'Where /livez, /readyz, /metrics and the admin API are served.',
      default: '127.0.0.1:9090',
      restart: true,
    }),
    tokenFile: Type.Optional(
      secretFile({ description: 'File with the token of the admin API. None: no API.' }),
    ),
    requestsPerMinute: integer({
      description:
        'Requests to the admin API in a minute from one address; one with a wrong token counts as twenty.',
      default: 600,
      minimum: 20,
      maximum: 1_000_000,
      restart: true,
    }),
  },
  {
    additionalProperties: false,
    ...about({ description: 'Health, metrics and administration.', default: {} }),
  },
)

export const drainSchema = Type.Object(
  {
    timeout: duration({
      description: 'How long the end after SIGTERM may take; sessions are closed spread over it.',
      default: '60s',
      minimum: 0,
      maximum: 3_600_000,
    }),
  },
  { additionalProperties: false, ...about({ description: 'The end of the process.', default: {} }) },
)

export const logSchema = Type.Object(
  {
    level: choice(['trace', 'debug', 'info', 'warn', 'error'], {
      description: 'Lines below this level are left out.',
      default: 'info',
    }),
    format: choice(['json'], { description: 'Format of log lines.', default: 'json', restart: true }),
  },
  { additionalProperties: false, ...about({ description: 'Logs, on standard output.', default: {} }) },
)
