import { type CentralSystem, createCentralSystem } from '../../simulator/central-system.ts'

/** How the central system of the demo treats identities that it should not just serve. */
export interface CentralSystemScript {
  /** HTTP status for an identity; 101 for all others. */
  readonly refuse?: Readonly<Record<string, number>>
  /** Upgrade requests of these identities get no answer until `release`. */
  readonly keepWaiting?: readonly string[]
  /** CALLs of these identities get no answer until `release`. */
  readonly keepCallsOpen?: readonly string[]
}

/** The demo central system, and everything that it got to see, in order. */
export interface WatchedCentralSystem {
  readonly central: CentralSystem
  /** 'CP-1 upgrade', 'CP-1 Heartbeat', 'CP-1 close 1001'. */
  readonly seen: readonly string[]
  /** Of ws://127.0.0.1. */
  readonly port: number
  /** Answers whoever was kept waiting. */
  release(): void
}

export async function startWatchedCentralSystem(script: CentralSystemScript): Promise<WatchedCentralSystem> {
  const seen: string[] = []
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const central = createCentralSystem({
    acceptIdentities: (identity) => {
      seen.push(`${identity} upgrade`)
      return script.refuse?.[identity] ?? 101
    },
    beforeUpgrade: async (identity) => {
      if (script.keepWaiting?.includes(identity) === true) await released
    },
    answer: (identity, call) =>
      script.keepCallsOpen?.includes(identity) === true && call.action === 'Heartbeat'
        ? released.then(() => ({ kind: 'result', payload: { currentTime: new Date().toISOString() } }))
        : null,
    onEvent: (event) => {
      if (event.kind === 'received') {
        const { message, identity } = event
        seen.push(`${identity} ${message.kind === 'call' ? message.action : `${message.kind} of a command`}`)
      } else if (event.kind === 'invalid-message') seen.push(`${event.identity} invalid message`)
      else if (event.kind === 'disconnected') seen.push(`${event.identity} close ${event.code}`)
    },
  })
  const { port } = await central.listen()
  return { central, seen, port, release }
}
