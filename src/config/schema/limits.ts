import { Type } from 'typebox'
import { about, duration, integer, size } from './kinds.ts'

const MiB = 1024 * 1024

/** Every bound that an operator may move (CWE-770, CWE-400, CWE-307). */
export const limitsSchema = Type.Object(
  {
    connections: integer({
      description: 'Connections at once, over all listeners.',
      default: 20_000,
      minimum: 1,
      maximum: 1_000_000,
      requirements: ['CWE-770'],
    }),
    handshakes: integer({
      description: 'Connections at once that are not through admission yet.',
      default: 256,
      minimum: 1,
      maximum: 100_000,
      requirements: ['CWE-770'],
    }),
    handshakeTimeout: duration({
      description: 'From the first byte of a connection to the end of its TLS handshake.',
      default: '10s',
      maximum: 600_000,
      requirements: ['CWE-400'],
    }),
    requestTimeout: duration({
      description: 'From the end of the handshake to a whole upgrade request.',
      default: '10s',
      maximum: 600_000,
      requirements: ['CWE-400'],
    }),
    requestBytes: size({
      description: 'Size of an upgrade request with its headers.',
      default: '16KiB',
      minimum: 1024,
      maximum: MiB,
      requirements: ['CWE-770'],
    }),
    messageBytes: size({
      description: 'Size of one OCPP message.',
      default: 262_144,
      minimum: 1024,
      maximum: 64 * MiB,
      requirements: ['CWE-770'],
    }),
    perAddressPerMinute: integer({
      description: 'New connections of one address in a minute (IPv6: one /64).',
      default: 120,
      minimum: 1,
      maximum: 1_000_000,
      requirements: ['CWE-307'],
    }),
    connectionsPerAddress: integer({
      description: 'Connections at once of one address.',
      default: 20_000,
      minimum: 1,
      maximum: 1_000_000,
      requirements: ['CWE-770'],
    }),
    failuresPerIdentity: integer({
      description: 'Wrong passwords of one identity from one address before it is locked out there.',
      default: 5,
      minimum: 1,
      maximum: 1000,
      requirements: ['CWE-307'],
    }),
    lockout: duration({
      description: 'How long a lock-out lasts; repeated ones last longer.',
      default: '5m',
      requirements: ['CWE-307'],
    }),
    idle: duration({
      description: 'Silence of a charge point after which it is pinged.',
      default: '5m',
      minimum: 1000,
      requirements: ['RFC 6455 5.5.2'],
    }),
    messagesPerMinute: integer({
      description:
        'Messages of one charge point in a minute, control frames included; 0: no bound. So many may come at once, too: a charge point that was offline empties its queue.',
      default: 3000,
      minimum: 0,
      maximum: 1_000_000,
      requirements: ['CWE-770'],
    }),
    callTimeout: duration({
      description:
        'How long a CALL may be without an answer before it counts as over. Make it longer than the time-out of the central system.',
      default: '60s',
      minimum: 1000,
      maximum: 600_000,
      requirements: ['OCPP-J 4.1.1'],
    }),
    pingTimeout: duration({
      description: 'Time to answer such a ping before the connection counts as dead.',
      default: '30s',
      maximum: 600_000,
      requirements: ['RFC 6455 5.5.3'],
    }),
  },
  {
    additionalProperties: false,
    ...about({ description: 'Bounds against overload and abuse.', default: {} }),
  },
)
