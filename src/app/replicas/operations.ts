import { messageOf, ProxyError } from '../../policy/error.ts'
import type { ChargePointOperations, OperationOutcome } from '../../usecases/operation/operation.ts'
import type { Directory } from './directory.ts'
import type { Wire } from './wire.ts'

/** Longer than the operation itself: its own clock ends it. */
const extraMs = 5_000

type Run = (identity: string, ...rest: readonly unknown[]) => Promise<OperationOutcome>

/** Serves operations that other replicas ask for: of charge points that are connected here. */
export function serveOperations(wire: Wire, local: ChargePointOperations): void {
  wire.serve('operation', async (body) => {
    const { name, values } = body as { name: string; values: readonly unknown[] }
    const run: unknown = Object.hasOwn(local, name) ? Reflect.get(local, name) : undefined
    if (typeof run !== 'function')
      throw new ProxyError('replica_failed', 'proxy', `there is no operation ${name}`)
    return run(...values) as Promise<OperationOutcome>
  })
}

/** The same operations, for who runs campaigns (`mayBegin`: still), done by the replica that has the charge point. */
export function fleetOperations(
  local: ChargePointOperations,
  wire: Wire,
  directory: Directory,
  mayBegin: () => boolean,
): ChargePointOperations {
  const entries = Object.entries(local) as [string, Run][]
  const far = entries.map(([name, run]): [string, Run] => [
    name,
    async (identity, ...rest) => {
      // It may have stood still since it was told to begin, and another one have taken over.
      if (!mayBegin()) throw new ProxyError('lease_lost', 'proxy', 'it is not certain who runs campaigns now')
      const session = directory.remote(identity)
      if (session === null) return run(identity, ...rest)
      return ask(wire, session.replica, name, [identity, ...rest])
    },
  ])
  return Object.fromEntries(far) as unknown as ChargePointOperations
}

async function ask(
  wire: Wire,
  replica: string,
  name: string,
  values: readonly unknown[],
): Promise<OperationOutcome> {
  const { signal, ...options } = values.at(-1) as { signal?: AbortSignal; timeoutMs: number }
  if (signal?.aborted) return { ok: false, code: 'draining', detail: 'it was ended before it began' }
  const sent = [...values.slice(0, -1), options]
  try {
    const asked = wire.ask(replica, 'operation', { name, values: sent }, options.timeoutMs + extraMs)
    return (await (signal === undefined ? asked : Promise.race([asked, aborted(signal)]))) as OperationOutcome
  } catch (error) {
    // It may have been done: what became of it is seen when the charge point is looked at again.
    return { ok: false, code: 'no_answer', detail: `its replica: ${messageOf(error)}` }
  }
}

function aborted(signal: AbortSignal): Promise<OperationOutcome> {
  const detail = 'the wait was ended from outside; its replica goes on with it'
  return new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve({ ok: false, code: 'draining', detail }), { once: true }),
  )
}
