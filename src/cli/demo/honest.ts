import { messageOf, ProxyError } from '../../policy/error.ts'
import type { ChargePoint } from '../../simulator/charge-point.ts'
import type { CallOutcome } from '../../simulator/endpoint.ts'
import type { ClientTlsOptions } from '../../simulator/tls-options.ts'
import { guest } from './guests.ts'
import type { World } from './world.ts'

/** An honest charge point on one way into the proxy. */
interface Lane {
  readonly identity: string
  readonly profile: 1 | 2 | 3
  readonly how: string
  readonly tls?: ClientTlsOptions
  readonly shows?: string
  /** Version and suite that must come out; the start of "TLSv1.3 TLS_AES_…". */
  readonly negotiates: string
}

const only = (version: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') => ({
  minVersion: version,
  maxVersion: version,
})

export const lanes: readonly Lane[] = [
  { identity: 'CP-1', profile: 1, how: 'password', negotiates: 'plain' },
  { identity: 'CP-2', profile: 2, how: 'password', tls: only('TLSv1.3'), negotiates: 'TLSv1.3 TLS_' },
  { identity: 'CP-2', profile: 2, how: 'password', tls: only('TLSv1.2'), negotiates: 'TLSv1.2 ECDHE-' },
  { identity: 'CP-3', profile: 3, how: 'ECDSA certificate', shows: 'cp-ecdsa', negotiates: 'TLSv1.3 TLS_' },
  { identity: 'CP-4', profile: 3, how: 'RSA certificate', shows: 'cp-rsa', negotiates: 'TLSv1.3 TLS_' },
  {
    identity: 'CP-OLD',
    profile: 2,
    how: 'password, old lane',
    tls: only('TLSv1'),
    negotiates: 'TLSv1 AES128-SHA',
  },
  {
    identity: 'CP-OLD',
    profile: 2,
    how: 'password, old lane',
    tls: only('TLSv1.1'),
    negotiates: 'TLSv1.1 AES128-SHA',
  },
]

export interface HonestRow {
  readonly who: string
  readonly profile: number
  readonly how: string
  readonly tls: string
  /** CALLs that the central system got and answered. */
  readonly messages: readonly string[]
  /** A command of the central system that was carried out. */
  readonly obeyed: string
  readonly surprises: readonly string[]
}

const command = 'TriggerMessage'

/** Lets it boot, charge and obey. Never rejected: what breaks is a surprise. */
export async function driveHonest(lane: Lane, world: World): Promise<HonestRow> {
  const { identity, profile, how, negotiates } = lane
  const { seen } = world.sites.main.centralSystem
  const from = seen.length
  let tls = ''
  let obeyed = ''
  const surprises: string[] = []
  const client = await guest(world, identity, {
    ...(lane.tls === undefined ? {} : { tls: lane.tls }),
    ...(lane.shows === undefined ? {} : { shows: lane.shows }),
  })
  try {
    const dialed = await client.connect()
    tls = dialed.tls === null ? 'plain' : `${dialed.tls.version} ${dialed.tls.cipher}`
    if (!tls.startsWith(negotiates)) surprises.push(`it is ${tls} instead of ${negotiates}`)
    await charge(client)
    obeyed = await obey(world, identity)
  } catch (error) {
    surprises.push(messageOf(error))
  } finally {
    await client.close()
  }
  const calls = seen.slice(from).filter((event) => event.startsWith(`${identity} `))
  const messages = calls
    .map((event) => event.slice(identity.length + 1))
    .filter((name) => /^[A-Z]/.test(name))
  for (const action of new Set(charging)) {
    if (!messages.includes(action)) surprises.push(`the central system got no ${action}`)
  }
  return { who: identity, profile, how, tls, messages: [...new Set(messages)], obeyed, surprises }
}

const charging = [
  'BootNotification',
  'Heartbeat',
  'StatusNotification',
  'StartTransaction',
  'MeterValues',
  'StopTransaction',
] as const

async function charge(client: ChargePoint): Promise<void> {
  answered('BootNotification', await client.boot())
  answered('Heartbeat', await client.heartbeat())
  answered('StatusNotification', await client.status(1, 'Preparing'))
  answered('StartTransaction', await client.startTransaction())
  answered('MeterValues', await client.meterValues())
  answered('StopTransaction', await client.stopTransaction())
}

/** The central system asks for a Heartbeat, and gets it. */
async function obey(world: World, identity: string): Promise<string> {
  const { central } = world.sites.main.centralSystem
  const heartbeat = central.nextMessage({ identity, action: 'Heartbeat', timeoutMs: 5_000 })
  const [outcome] = await Promise.all([
    central.send(identity, command, { requestedMessage: 'Heartbeat' }, { timeoutMs: 5_000 }),
    heartbeat,
  ])
  answered(command, outcome)
  return command
}

function answered(action: string, outcome: CallOutcome): void {
  if (outcome.kind === 'result' && (outcome.payload.status ?? 'Accepted') === 'Accepted') return
  throw new ProxyError('demo_call', 'proxy', `${action} ended with ${JSON.stringify(outcome)}`)
}
