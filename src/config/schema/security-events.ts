import { Type } from 'typebox'
import {
  about,
  address,
  choice,
  dataFile,
  duration,
  file,
  integer,
  type Kinded,
  secretFile,
  size,
  url,
} from './kinds.ts'

/** The section about the security log and whoever reads it (A04, A00.FR.323, A00.FR.408). */

const name = (kind: string) =>
  Type.String({
    minLength: 1,
    maxLength: 64,
    pattern: '^[A-Za-z0-9._-]+$',
    'x-pattern-words': 'letters, digits, dots, hyphens and underscores',
    ...about({
      description:
        'Unique among its kind. Metrics name the sink by it, and so does the store, which remembers what it has: under a new name it begins anew.',
      default: kind,
    }),
  })

const timeout = duration({
  description: 'Time for one delivery, from dialling to the confirmation.',
  default: '10s',
  minimum: 100,
  maximum: 600_000,
})

const fileSink = Type.Object(
  {
    name: name('file'),
    path: dataFile({ description: 'JSON lines; readable by the owner only.' }),
    maxSize: size({
      description: 'Size after which the file is rotated.',
      default: '100MiB',
      minimum: 1024,
      maximum: 1_048_576_000,
    }),
    keep: integer({
      description: 'Rotated files that are kept; path.1 is the youngest.',
      default: 9,
      minimum: 0,
      maximum: 999,
    }),
  },
  { additionalProperties: false, ...about({ description: 'JSON lines in a file.' }) },
)

const syslogSink = Type.Object(
  {
    name: name('syslog'),
    transport: choice(['udp', 'tcp', 'tls'], {
      description:
        'udp: nobody can know what arrives, and what is lost is lost. tcp (octet counting) and tls: a connection for each batch, which counts as delivered when the receiver has read to its end.',
      default: 'tls',
      requirements: ['RFC 5424', 'RFC 5425', 'RFC 5426', 'RFC 6587'],
    }),
    address: address({ description: 'Where the receiver listens.' }),
    ca: Type.Optional(
      file({ description: 'PEM file of the roots that the receiver is checked against, with tls.' }),
    ),
    facility: integer({
      description: 'RFC 5424 facility; 13 is log audit.',
      default: 13,
      minimum: 0,
      maximum: 23,
    }),
    hostname: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 255,
        ...about({ description: 'HOSTNAME of the messages; that of the machine when left out.' }),
      }),
    ),
    timeout,
  },
  { additionalProperties: false, ...about({ description: 'A syslog receiver (RFC 5424).' }) },
)

const webhookSink = Type.Object(
  {
    name: name('webhook'),
    url: Type.Unsafe<Kinded<'url'>>({
      ...url({ description: 'http:// or https:// URL that takes POSTs of JSON arrays; any 2xx confirms.' }),
      'x-expects': 'an http:// or https:// URL',
      'x-secret': true,
    }),
    secretFile: Type.Optional(
      secretFile({
        description:
          'File with the secret of the signature: Ocpp-Proxy-Signature is "sha256=" and the HMAC-SHA256, in hexadecimal, of Ocpp-Proxy-Timestamp, a dot and the body.',
      }),
    ),
    ca: Type.Optional(file({ description: 'PEM file of the roots that the receiver is checked against.' })),
    batch: integer({
      description: 'Events of one request at the most.',
      default: 100,
      minimum: 1,
      maximum: 1000,
    }),
    timeout,
  },
  { additionalProperties: false, ...about({ description: 'An HTTP receiver.' }) },
)

const sinks = Type.Array(
  Type.Object(
    {
      file: Type.Optional(fileSink),
      syslog: Type.Optional(syslogSink),
      webhook: Type.Optional(webhookSink),
    },
    { additionalProperties: false },
  ),
  {
    maxItems: 16,
    ...about({
      description:
        'Receivers of every security event; each entry is one of file, syslog or webhook. A new one begins with the events that come after it was added. What cannot be delivered waits in the store.',
      default: [],
    }),
  },
)

const dataTransfer = Type.Object(
  {
    vendorId: Type.String({
      minLength: 1,
      maxLength: 255,
      ...about({
        description: 'vendorId of the DataTransfer, and of the StatusNotification.',
        default: 'ocpp-security-proxy',
      }),
    }),
    messageId: Type.String({
      minLength: 1,
      maxLength: 50,
      ...about({ description: 'messageId of the DataTransfer.', default: 'SecurityEventNotification' }),
    }),
  },
  {
    additionalProperties: false,
    ...about({
      description: 'For toCentralSystem: DataTransfer. Its data is the event as JSON text.',
      default: {},
    }),
  },
)

const ownSession = Type.Object(
  {
    identity: Type.String({
      minLength: 1,
      maxLength: 48,
      pattern: '^[A-Za-z0-9*_=:+|@.-]+$',
      'x-pattern-words': 'letters, digits and the signs *-_=:+|@.',
      ...about({
        description: 'Identity of the proxy at the central system; no charge point may have it.',
        default: 'SECURITY-PROXY',
      }),
    }),
  },
  {
    additionalProperties: false,
    ...about({
      description:
        'A session of the proxy itself with the central system, for events of strangers and of charge points that are not connected. None when left out.',
      restart: true,
    }),
  },
)

export const securityEventsSchema = Type.Object(
  {
    keep: integer({
      description: 'Events that are kept at most.',
      default: 1_000_000,
      minimum: 1,
      maximum: 100_000_000,
    }),
    age: duration({
      description: 'How long events are kept.',
      default: '365d',
      minimum: 60_000,
      maximum: 3650 * 86_400_000,
    }),
    toCentralSystem: choice(['off', 'SecurityEventNotification', 'DataTransfer', 'StatusNotification'], {
      description:
        "The message by which the central system hears of a charge point's events, its refusals included, over that charge point's session. StatusNotification: connector 0, OtherError, with the last known status.",
      default: 'off',
      restart: true,
    }),
    toCentralSystem201: choice(['off', 'SecurityEventNotification'], {
      description:
        "The same for the central system of OCPP 2.0.1, which knows the message: what the proxy finds about a charging station, its refusals included. A charging station's own events pass in any case. Counts for sessions that begin after a reload.",
      default: 'off',
      requirements: ['A04.FR.03'],
    }),
    dataTransfer,
    perMinute: integer({
      description:
        'Of the events of one type and charge point in a minute, the central system hears of so many. All of them are in the store.',
      default: 10,
      minimum: 1,
      maximum: 10_000,
    }),
    ownSession: Type.Optional(ownSession),
    sinks,
  },
  {
    additionalProperties: false,
    ...about({
      description: 'The security log: what charge points report, and what the proxy finds and does.',
      default: {},
      requirements: ['A04.FR.03', 'A00.FR.323', 'A00.FR.408'],
    }),
  },
)
