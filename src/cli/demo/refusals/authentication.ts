import { randomBytes } from 'node:crypto'
import { mainFailures } from '../configuration.ts'
import { type GuestOptions, guest } from '../guests.ts'
import { startLoadBalancer } from '../load-balancer.ts'
import { exchange, openRaw } from '../raw-client.ts'
import type { Attempt, RefusalCase } from '../refusal-case.ts'
import { refusalSeen, viewOfBytes } from '../seen.ts'
import type { World } from '../world.ts'

function wrongPassword(): GuestOptions {
  return { password: { bytes: randomBytes(20), form: 'raw' } }
}

function connecting(identity: string, options: () => GuestOptions) {
  return async ({ world }: Attempt) => {
    const client = await guest(world, identity, options())
    return refusalSeen(() => client.connect())
  }
}

/** CP-TWIN, as it comes in from an address elsewhere. */
async function twinFrom(address: string, { world, site, later }: Attempt) {
  const balancer = await startLoadBalancer(site.proxy.port('balanced'), address)
  later(() => balancer.close())
  const twin = await guest(world, 'CP-TWIN', { url: `ws://127.0.0.1:${balancer.port}/ocpp` })
  later(() => twin.close())
  return twin
}

/** A session whose CALL the central system has not answered: the drain waits for it. */
async function busySession(world: World) {
  const patient = await guest(world, 'CP-PATIENT')
  const { central } = world.sites.main.centralSystem
  await patient.connect()
  const arrived = central.nextMessage({ identity: 'CP-PATIENT', action: 'Heartbeat' })
  const answered = patient.heartbeat()
  await arrived
  return { patient, answered }
}

export const authenticationRefusals = {
  credentials_missing: {
    who: 'CP-3, on profile 2 without a password',
    site: 'main',
    attempt: connecting('CP-3', () => ({ securityProfile: 2 })),
  },
  credentials_username: {
    who: 'CP-2, with the user name CP-1',
    site: 'main',
    attempt: connecting('CP-2', () => ({ username: 'CP-1' })),
  },
  credentials_invalid: {
    who: 'CP-2, with a wrong password',
    site: 'main',
    attempt: connecting('CP-2', wrongPassword),
  },
  credentials_locked: {
    who: `CP-GUESSED, after ${mainFailures} wrong passwords`,
    site: 'main',
    async attempt({ world, ready }) {
      for (let failure = 0; failure < mainFailures; failure += 1) {
        const guesser = await guest(world, 'CP-GUESSED', wrongPassword())
        await refusalSeen(() => guesser.connect())
      }
      await ready()
      const client = await guest(world, 'CP-GUESSED')
      return refusalSeen(() => client.connect())
    },
  },
  charge_point_unknown: {
    who: 'CP-GHOST, whom nobody registered',
    site: 'main',
    attempt: connecting('CP-GHOST', wrongPassword),
  },
  charge_point_blocked: {
    who: 'CP-BLOCKED, with its own password',
    site: 'main',
    attempt: connecting('CP-BLOCKED', () => ({})),
  },
  profile_mismatch: {
    who: 'CP-2, kept on profile 2, with profile 1',
    site: 'main',
    attempt: connecting('CP-2', () => ({ securityProfile: 1 })),
  },
  duplicate_identity: {
    who: 'CP-TWIN, while a CP-TWIN is connected',
    site: 'main',
    async attempt(attempt) {
      const first = await twinFrom('203.0.113.1', attempt)
      await first.connect()
      const second = await twinFrom('203.0.113.2', attempt)
      await attempt.ready()
      return refusalSeen(() => second.connect())
    },
  },
  draining: {
    who: 'CP-1, half its request in at SIGTERM',
    site: 'main',
    async attempt({ world, site, ready, later }) {
      const { patient, answered } = await busySession(world)
      later(async () => {
        site.centralSystem.release()
        await answered
        await patient.closed()
      })
      const { socket, received } = await openRaw(site.proxy.port('basic-auth'))
      socket.write('GET /ocpp/CP-1 HTTP/1.1\r\n')
      // Answered behind it on the same proxy: so the connection before it has been accepted.
      await exchange(site.proxy.port('basic-auth-tls'), '', { end: true })
      await ready()
      site.proxy.terminate()
      return viewOfBytes(await received)
    },
  },
} as const satisfies Record<string, RefusalCase>
