import { basicAuthorization } from '../../../simulator/credentials.ts'
import { tightMessages } from '../configuration.ts'
import { guest } from '../guests.ts'
import { openRawWebSocket } from '../raw-client.ts'
import type { Attempt, RefusalCase } from '../refusal-case.ts'
import type { Seen } from '../seen.ts'

/** RFC 6455 5.2: final, text, two bytes, and no mask, which a client must not leave out. */
const unmaskedFrame = Buffer.from([0x81, 2, 0x5b, 0x5d])
/** RFC 6455 5.5.2: a ping without payload, masked. */
const maskedPing = Buffer.from([0x89, 0x80, 1, 2, 3, 4])
/** Over limits.messageBytes of the main site. */
const tooLarge = 300_000

/** CP-A is connected and sends `text`. */
function sending(text: () => string) {
  return async ({ world, ready }: Attempt): Promise<Seen> => {
    const client = await guest(world, 'CP-A')
    await client.connect()
    await ready()
    client.sendText(text())
    const { code } = await client.closed()
    return { kind: 'websocket', code }
  }
}

async function rawSession({ world, site, later }: Attempt) {
  const key = world.passwords.get('CP-A') ?? Buffer.alloc(0)
  const authorization = basicAuthorization('CP-A', { bytes: key, form: 'raw' })
  const session = await openRawWebSocket(site.proxy.port('basic-auth'), '/ocpp/CP-A', authorization)
  later(() => session.socket.destroy())
  return session
}

/** The central system had a session, and is told that it is over. */
const closed = { centralSystemSees: ['CP-A close 1001'] } as const

export const relayRefusals = {
  frame_invalid: {
    who: 'CP-A, with a frame that is not masked',
    site: 'main',
    ...closed,
    async attempt(attempt) {
      const { socket, closeCode } = await rawSession(attempt)
      await attempt.ready()
      socket.write(unmaskedFrame)
      return { kind: 'websocket', code: await closeCode }
    },
  },
  message_too_large: {
    who: 'CP-A, with a message of 300 kB',
    site: 'main',
    ...closed,
    attempt: sending(() => JSON.stringify([2, '1', 'DataTransfer', { data: 'x'.repeat(tooLarge) }])),
  },
  message_invalid: {
    who: 'CP-A, a text that is no OCPP message',
    site: 'main',
    ...closed,
    attempt: sending(() => 'hello'),
  },
  message_rate: {
    who: `CP-A, with twice the ${tightMessages} messages of a minute`,
    site: 'tight',
    ...closed,
    async attempt(attempt) {
      const { socket, closeCode } = await rawSession(attempt)
      await attempt.ready()
      // Control frames count as well, and a ping is nothing that the central system tells of.
      socket.write(Buffer.concat(Array(tightMessages * 2).fill(maskedPing)))
      return { kind: 'websocket', code: await closeCode }
    },
  },
  idle_timeout: {
    who: 'CP-A, silent, and deaf to pings',
    site: 'tight',
    ...closed,
    async attempt(attempt) {
      const { closeCode } = await rawSession(attempt)
      await attempt.ready()
      return { kind: 'websocket', code: await closeCode }
    },
  },
} as const satisfies Record<string, RefusalCase>
