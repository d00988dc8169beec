import { randomBytes } from 'node:crypto'
import type { Logger } from '../observe/log.ts'
import { type Metrics, messageSeries } from '../observe/metrics.ts'
import { Envelope } from '../ocpp/envelope.ts'
import { budgetOf } from './message-rate.ts'
import { SpareWrite } from './output.ts'
import { OwnIds } from './own-ids.ts'
import { ReadBuffer } from './read-buffer.ts'
import { Scratch } from './scratch.ts'
import type { UseCase } from './use-case.ts'
import { UseCaseTable } from './use-case-table.ts'

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
  /** Milliseconds after which a CALL without an answer counts as over. */
  callTimeout: number
  /** Messages that a charge point may send at once. */
  messageBudget: number
  useCases: UseCaseTable
  readonly ownIds: OwnIds
  readonly scratch: Scratch
  /** Every socket of the relay reads into it. */
  readonly readBuffer: ReadBuffer
  readonly spareWrite: SpareWrite
  readonly envelope: Envelope
  readonly metrics: Metrics
  readonly series: typeof messageSeries
  readonly clock: RelayClock
  readonly log: Logger
  /** Payload of our own pings: its pong is not forwarded. */
  readonly pingPayload: Buffer
}

export interface ContextLimits {
  readonly messageBytes: number
  readonly callTimeout: number
  readonly messagesPerMinute: number
}

export interface ContextOptions {
  readonly metrics: Metrics
  readonly log: Logger
  readonly clock: RelayClock
  readonly limits: ContextLimits
  readonly useCases: readonly UseCase[]
}

export function createRelayContext({ metrics, log, clock, limits, useCases }: ContextOptions): RelayContext {
  const readBuffer = new ReadBuffer()
  return {
    messageBytes: limits.messageBytes,
    callTimeout: limits.callTimeout,
    messageBudget: budgetOf(limits.messagesPerMinute),
    useCases: new UseCaseTable(useCases),
    ownIds: new OwnIds(randomBytes(32)),
    scratch: new Scratch(65_536, readBuffer),
    readBuffer,
    spareWrite: new SpareWrite(),
    envelope: new Envelope(),
    metrics,
    series: messageSeries,
    clock,
    log,
    pingPayload: randomBytes(8),
  }
}

/** Limits are read at each use, so that a reload takes effect on running sessions where it can. */
export function setLiveContext(
  context: RelayContext,
  limits: ContextLimits,
  useCases: readonly UseCase[],
): void {
  context.messageBytes = limits.messageBytes
  context.callTimeout = limits.callTimeout
  context.messageBudget = budgetOf(limits.messagesPerMinute)
  context.useCases = new UseCaseTable(useCases)
}
