import { Type } from 'typebox'
import { about, choice, duration, file, secretFile, url } from './kinds.ts'

/** The section of a store that several replicas share (design, section 12). */

const text = (description: string, more: object = {}) =>
  Type.String({ minLength: 1, maxLength: 255, ...more, ...about({ description, restart: true }) })
/** Of the next connection, when it is reloaded. */
const login = (description: string) =>
  Type.String({ minLength: 1, maxLength: 255, ...about({ description }) })

const tls = Type.Object(
  {
    ca: Type.Optional(file({ description: 'PEM file of the roots, instead of the public ones.' })),
    certificate: Type.Optional(
      file({ description: 'PEM file of the client certificate, where the server asks for one.' }),
    ),
    key: Type.Optional(file({ description: 'PEM file of its key.' })),
    serverName: Type.Optional(
      login('Name in the certificate of the server, where it is not the host of the URL.'),
    ),
  },
  { additionalProperties: false, ...about({ description: 'TLS towards rediss:// servers.' }) },
)

export const redisSchema = Type.Object(
  {
    urls: Type.Array(
      url({ description: 'redis://host:port or rediss://host:port (TLS), without user and password.' }),
      {
        minItems: 1,
        maxItems: 32,
        ...about({
          description:
            'The server, its sentinels, or some nodes of its cluster. A path such as /1 chooses a database, but not of a cluster.',
          restart: true,
        }),
      },
    ),
    mode: choice(['single', 'sentinel', 'cluster'], {
      description: 'What the URLs are. Valkey or Redis from 6.2 on.',
      default: 'single',
      restart: true,
    }),
    sentinelName: text('Name of the primary that the sentinels watch.', { default: 'mymaster' }),
    username: Type.Optional(login('ACL user; the default user without it.')),
    passwordFile: Type.Optional(
      secretFile({ description: 'File with its password; a new one counts from the next connection on.' }),
    ),
    sentinelUsername: Type.Optional(login('ACL user of the sentinels.')),
    sentinelPasswordFile: Type.Optional(
      secretFile({ description: 'File with the password of the sentinels.' }),
    ),
    tls: Type.Optional(tls),
    keyPrefix: text('Every key and channel begins with it: one for each fleet that shares the server.', {
      pattern: '^[A-Za-z0-9._:-]{1,64}$',
      'x-pattern-words': 'at most 64 letters, digits, dots, colons, hyphens and underscores',
      default: 'ocpp-security-proxy:',
    }),
    timeout: duration({
      description: 'Time for one command, and for connecting; after it the store counts as away.',
      default: '2s',
      minimum: 100,
      maximum: 60_000,
      restart: true,
    }),
    lease: duration({
      description:
        'A replica that the others do not hear of for so long has lost its charge points, campaigns and sinks to them.',
      default: '15s',
      minimum: 1_000,
      maximum: 300_000,
      restart: true,
      requirements: ['CWE-613'],
    }),
    grace: duration({
      description:
        'While the store is away: for so long charge points that were admitted here before may come back, judged by what was known of them then. 0s: nobody.',
      default: '1h',
      minimum: 0,
      maximum: 86_400_000,
      requirements: ['CWE-636'],
    }),
  },
  {
    additionalProperties: false,
    ...about({ description: 'Valkey or Redis, instead of sqlite: the store that several replicas share.' }),
  },
)
