import { randomBytes } from 'node:crypto'
import { type Metrics, messageSeries } from '../observe/metrics.ts'
import { Envelope } from '../ocpp/envelope.ts'
import { SpareWrite } from './output.ts'
import { Scratch } from './scratch.ts'

/** Time as the relay needs it: exact where latencies are measured, by the second where silence is. */
export interface RelayClock {
  /** Milliseconds, monotonic. */
  now(): number
  /** Seconds since the start, monotonic, at least 1; moves with the sweep. */
  readonly seconds: number
}

/** What all sessions share. */
export interface RelayContext {
  messageBytes: number
  readonly scratch: Scratch
  readonly spareWrite: SpareWrite
  readonly envelope: Envelope
  readonly metrics: Metrics
  readonly series: typeof messageSeries
  readonly clock: RelayClock
  /** Payload of our own pings: its pong is not forwarded. */
  readonly pingPayload: Buffer
}

/** Limits are read at each use, so that a reload takes effect on running sessions where it can. */
export function createRelayContext(metrics: Metrics, clock: RelayClock, messageBytes: number): RelayContext {
  return {
    messageBytes,
    scratch: new Scratch(),
    spareWrite: new SpareWrite(),
    envelope: new Envelope(),
    metrics,
    series: messageSeries,
    clock,
    pingPayload: randomBytes(8),
  }
}
