import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { RPCClient, RPCServer } from 'ocpp-rpc'
import type { TestProxy } from './proxy.ts'
import type { ListenerName } from './proxy-config.ts'
import { secret } from './secrets.ts'

/** What a central system of OCPP 2.0.1 can say to a charging station of its own. */
export interface StationLink {
  readonly identity: string
  call(action: string, payload: object): Promise<Record<string, unknown>>
}

/** A central system of OCPP 2.0.1 by another maker; its strict mode checks all that it gets and says. */
export interface Csms201 {
  /** ws:// and no identity. */
  readonly url: string
  readonly calls: readonly { readonly action: string; readonly payload: unknown }[]
  /** Of every connection that was asked for, as bytes. */
  readonly passwords: readonly (Buffer | null)[]
  /** The next one that connects. */
  next(): Promise<StationLink>
}

export async function startCsms201(t: TestContext): Promise<Csms201> {
  const server = new RPCServer({ protocols: ['ocpp2.0.1'], strictMode: true })
  const calls: { action: string; payload: unknown }[] = []
  const passwords: (Buffer | null)[] = []
  server.auth((accept, _reject, { password }) => {
    passwords.push(password === undefined ? null : Buffer.from(password))
    accept()
  })
  server.on('client', (client) => {
    client.handle(async ({ method = '', params }: { method?: string; params?: unknown }) => {
      calls.push({ action: method, payload: params })
      return answerTo(method)
    })
  })
  const http = await server.listen(0)
  t.after(() => server.close({ force: true }))
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/csms`,
    calls,
    passwords,
    async next() {
      const [client] = (await once(server, 'client')) as [StationLink]
      return client
    },
  }
}

function answerTo(method: string): object {
  const currentTime = new Date().toISOString()
  switch (method) {
    case 'BootNotification':
      return { status: 'Accepted', interval: 300, currentTime }
    case 'Heartbeat':
      return { currentTime }
    case 'Authorize':
      return { idTokenInfo: { status: 'Accepted' } }
    case 'SignCertificate':
      return { status: 'Accepted' }
    case 'Get15118EVCertificate':
      return { status: 'Failed', exiResponse: '' }
    case 'GetCertificateStatus':
      return { status: 'Failed' }
    default:
      return {}
  }
}

export interface StationOptions {
  readonly identity?: string
  readonly password?: Buffer
  readonly protocols?: readonly string[]
  readonly certificate?: { readonly chain: string; readonly key: string }
}

/** An ocpp-rpc charging station for a listener, not connected yet; it ends with the test. */
export function foreignStation(
  t: TestContext,
  proxy: TestProxy,
  listener: ListenerName,
  options: StationOptions = {},
): RPCClient {
  const { identity = 'CP-1', password, certificate, protocols = ['ocpp2.0.1'] } = options
  if (password !== undefined) secret('password', password)
  const settings = {
    endpoint: proxy.url(listener),
    identity,
    ...(password === undefined ? {} : { password }),
    protocols,
    strictMode: true,
    reconnect: false,
    wsOpts: {
      ca: proxy.pki.serverRoot,
      ...(certificate === undefined ? {} : { cert: certificate.chain, key: certificate.key }),
    },
  }
  // Its types ask for every option and know text passwords only; its code does not.
  const client = new RPCClient(settings as unknown as ConstructorParameters<typeof RPCClient>[0])
  t.after(() => client.close({ force: true }))
  return client
}

/** Steps 7 to 10 of TC_A_07_CSMS, and a charging session. */
export async function bootAndCharge(client: RPCClient): Promise<unknown> {
  const timestamp = new Date().toISOString()
  const boot = await client.call('BootNotification', {
    reason: 'PowerUp',
    chargingStation: { model: 'M', vendorName: 'V' },
  })
  await client.call('StatusNotification', {
    timestamp,
    connectorStatus: 'Available',
    evseId: 1,
    connectorId: 1,
  })
  await client.call('NotifyEvent', {
    generatedAt: timestamp,
    seqNo: 0,
    eventData: [
      {
        eventId: 1,
        timestamp,
        trigger: 'Delta',
        actualValue: 'Available',
        eventNotificationType: 'HardWiredNotification',
        component: { name: 'Connector', evse: { id: 1, connectorId: 1 } },
        variable: { name: 'AvailabilityState' },
      },
    ],
  })
  for (const [seqNo, eventType] of ['Started', 'Ended'].entries()) {
    await client.call('TransactionEvent', {
      eventType,
      timestamp,
      triggerReason: 'Authorized',
      seqNo,
      transactionInfo: { transactionId: 'T-1' },
    })
  }
  await client.call('Heartbeat', {})
  return boot
}

export const both = { protocols: ['ocpp1.6', 'ocpp2.0.1'] } as const
