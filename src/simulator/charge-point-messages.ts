import type { Payload } from '../ocpp/message.ts'
import type { CallOutcome } from './endpoint.ts'

/** What BootNotification tells (OCPP 1.6, 6.3). */
export interface ChargePointModel {
  readonly vendor: string
  readonly model: string
  /** chargePointSerialNumber, at most 25 characters: what the CN of a profile 3 certificate holds (A00.FR.405). */
  readonly serialNumber?: string
  readonly firmwareVersion?: string
}

export interface Transaction {
  readonly id: number
  readonly connectorId: number
  readonly idTag: string
}

/** The core messages of a charge point, and the state that they change. */
export interface ChargePointMessages {
  readonly booted: boolean
  /** Seconds, from the last BootNotification.conf. */
  readonly heartbeatIntervalSeconds: number
  readonly transaction: Transaction | null
  /** Forgets that it was booted: after a reset. */
  restart(): void
  boot(): Promise<CallOutcome>
  heartbeat(): Promise<CallOutcome>
  authorize(idTag?: string): Promise<CallOutcome>
  status(connectorId: number, status: string): Promise<CallOutcome>
  startTransaction(options?: { readonly connectorId?: number; readonly idTag?: string }): Promise<CallOutcome>
  /** Also without a transaction: the register of connector 1. */
  meterValues(): Promise<CallOutcome>
  stopTransaction(reason?: string): Promise<CallOutcome>
}

export interface MessagesDeps {
  readonly call: (action: string, payload: Payload) => Promise<CallOutcome>
  readonly model: ChargePointModel
  readonly idTag: string
  /** BootNotification was accepted. */
  readonly onBooted: () => void
  readonly now: () => Date
  readonly random: () => number
}

export function createMessages(deps: MessagesDeps): ChargePointMessages {
  const { call, model } = deps
  let booted = false
  let heartbeatIntervalSeconds = 300
  let transaction: Transaction | null = null
  let meterWh = 0
  const timestamp = (): string => deps.now().toISOString()

  return {
    get booted() {
      return booted
    },
    get heartbeatIntervalSeconds() {
      return heartbeatIntervalSeconds
    },
    get transaction() {
      return transaction
    },
    restart() {
      booted = false
    },
    async boot() {
      const outcome = await call('BootNotification', {
        chargePointVendor: model.vendor,
        chargePointModel: model.model,
        ...(model.serialNumber === undefined ? {} : { chargePointSerialNumber: model.serialNumber }),
        ...(model.firmwareVersion === undefined ? {} : { firmwareVersion: model.firmwareVersion }),
      })
      if (outcome.kind !== 'result') return outcome
      booted = outcome.payload.status === 'Accepted'
      heartbeatIntervalSeconds = secondsOf(outcome.payload.interval)
      if (booted) deps.onBooted()
      return outcome
    },
    heartbeat: () => call('Heartbeat', {}),
    authorize: (idTag = deps.idTag) => call('Authorize', { idTag }),
    status: (connectorId, status) =>
      call('StatusNotification', { connectorId, errorCode: 'NoError', status, timestamp: timestamp() }),
    async startTransaction({ connectorId = 1, idTag = deps.idTag } = {}) {
      const body = { connectorId, idTag, meterStart: meterWh, timestamp: timestamp() }
      const outcome = await call('StartTransaction', body)
      const id = outcome.kind === 'result' ? outcome.payload.transactionId : undefined
      if (typeof id === 'number' && Number.isInteger(id)) transaction = { id, connectorId, idTag }
      return outcome
    },
    async meterValues() {
      if (transaction !== null) meterWh += 50 + Math.floor(50 * deps.random())
      const sample = { value: String(meterWh), measurand: 'Energy.Active.Import.Register', unit: 'Wh' }
      return call('MeterValues', {
        connectorId: transaction?.connectorId ?? 1,
        ...(transaction === null ? {} : { transactionId: transaction.id }),
        meterValue: [{ timestamp: timestamp(), sampledValue: [sample] }],
      })
    },
    async stopTransaction(reason = 'Local') {
      if (transaction === null) return { kind: 'error', code: 'NoTransaction', description: '', details: {} }
      const { id, idTag } = transaction
      const body = { transactionId: id, idTag, meterStop: meterWh, timestamp: timestamp(), reason }
      const outcome = await call('StopTransaction', body)
      if (outcome.kind === 'result' && transaction?.id === id) transaction = null
      return outcome
    },
  }
}

/** A peer's number, held between a second and a day. */
function secondsOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.min(86_400, Math.max(1, value)) : 300
}
