import { type Backoff, backoffDelay, pause } from './backoff.ts'
import type { ChargePointMessages } from './charge-point-messages.ts'
import { ConnectRefusal } from './refusal.ts'

export interface RunOptions {
  /** Milliseconds between two MeterValues; 60 s by default. */
  readonly meterIntervalMs?: number
  /** Milliseconds between two heartbeats; what BootNotification.conf says by default. */
  readonly heartbeatIntervalMs?: number
  /** Starts a transaction when none runs; true by default. */
  readonly transact?: boolean
}

export interface RunDeps {
  /** Does nothing when there is a connection. */
  readonly connect: () => Promise<unknown>
  /** Fires when the present connection has ended. */
  readonly ended: () => AbortSignal
  readonly messages: ChargePointMessages
  readonly backoff: Backoff
  readonly random: () => number
}

/** Connects, works, and comes back with growing waits, until `stop` fires. */
export async function runChargePoint(deps: RunDeps, options: RunOptions, stop: AbortSignal): Promise<void> {
  let failures = 0
  while (!stop.aborted) {
    try {
      await deps.connect()
      if (await work(deps, options)) failures = 0
    } catch (error) {
      // A refusal was reported where it happened; anything else is a mistake of the operator.
      if (!(error instanceof ConnectRefusal)) throw error
    }
    if (stop.aborted) return
    await pause(backoffDelay(failures, deps.backoff, deps.random), stop)
    failures += 1
  }
}

/** One connection, to its end. Returns whether the central system took the charge point in. */
async function work(deps: RunDeps, options: RunOptions): Promise<boolean> {
  const ended = deps.ended()
  const { messages } = deps
  while (!messages.booted && !ended.aborted) {
    await messages.boot()
    // OCPP 1.6 4.2: the interval is the least wait before the next attempt.
    if (!messages.booted) await pause(messages.heartbeatIntervalSeconds * 1000, ended)
  }
  if (!messages.booted) return false
  const active = messages.transaction !== null
  await messages.status(1, active ? 'Charging' : 'Available')
  if (!active && options.transact !== false) await beginTransaction(messages)
  const heartbeatMs = options.heartbeatIntervalMs ?? messages.heartbeatIntervalSeconds * 1000
  await Promise.all([
    every(options.meterIntervalMs ?? 60_000, ended, messages.meterValues),
    every(heartbeatMs, ended, messages.heartbeat),
  ])
  return true
}

async function beginTransaction(messages: RunDeps['messages']): Promise<void> {
  await messages.status(1, 'Preparing')
  await messages.startTransaction()
  if (messages.transaction !== null) await messages.status(1, 'Charging')
}

async function every(ms: number, ended: AbortSignal, action: () => Promise<unknown>): Promise<void> {
  while (!ended.aborted) {
    await pause(ms, ended)
    if (!ended.aborted) await action()
  }
}
