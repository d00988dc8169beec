import type { ChargePointMessages, MessagesDeps, Transaction } from './charge-point-messages.ts'

/** The same acts in the messages of OCPP 2.0.1; the connectors are EVSEs with one connector each. */
export function createMessages201(deps: MessagesDeps): ChargePointMessages {
  const { call, model } = deps
  let booted = false
  let heartbeatIntervalSeconds = 300
  let transaction: Transaction | null = null
  let lastTransaction = 0
  let seqNo = 0
  let eventId = 0
  let meterWh = 0
  const timestamp = (): string => deps.now().toISOString()
  const sampled = () => [
    {
      timestamp: timestamp(),
      sampledValue: [{ value: meterWh, measurand: 'Energy.Active.Import.Register' }],
    },
  ]
  const transactionEvent = (
    { id, connectorId, idTag }: Transaction,
    eventType: 'Started' | 'Updated' | 'Ended',
    triggerReason: string,
  ) => {
    seqNo = eventType === 'Started' ? 0 : seqNo + 1
    return call('TransactionEvent', {
      eventType,
      timestamp: timestamp(),
      triggerReason,
      seqNo,
      transactionInfo: { transactionId: `${id}` },
      evse: { id: connectorId, connectorId: 1 },
      ...(eventType === 'Updated' ? {} : { idToken: { idToken: idTag, type: 'Central' } }),
      meterValue: sampled(),
    })
  }
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
        reason: 'PowerUp',
        chargingStation: {
          model: model.model,
          vendorName: model.vendor,
          ...(model.serialNumber === undefined ? {} : { serialNumber: model.serialNumber }),
          ...(model.firmwareVersion === undefined ? {} : { firmwareVersion: model.firmwareVersion }),
        },
      })
      if (outcome.kind !== 'result') return outcome
      const { status, interval } = outcome.payload
      booted = status === 'Accepted'
      heartbeatIntervalSeconds = typeof interval === 'number' ? Math.min(86_400, Math.max(1, interval)) : 300
      if (booted) deps.onBooted()
      return outcome
    },
    heartbeat: () => call('Heartbeat', {}),
    authorize: (idTag = deps.idTag) => call('Authorize', { idToken: { idToken: idTag, type: 'Central' } }),
    async status(connectorId, status) {
      const evseId = Math.max(1, connectorId)
      // OCPP 2.0.1 has five of them: whatever OCPP 1.6 calls a transaction is Occupied.
      const known = ['Available', 'Reserved', 'Unavailable', 'Faulted'].find((one) => one === status)
      const connectorStatus = known ?? 'Occupied'
      await call('StatusNotification', { timestamp: timestamp(), connectorStatus, evseId, connectorId: 1 })
      eventId += 1
      return call('NotifyEvent', {
        generatedAt: timestamp(),
        seqNo: 0,
        eventData: [
          {
            eventId,
            timestamp: timestamp(),
            trigger: 'Delta',
            actualValue: connectorStatus,
            eventNotificationType: 'HardWiredNotification',
            component: { name: 'Connector', evse: { id: evseId, connectorId: 1 } },
            variable: { name: 'AvailabilityState' },
          },
        ],
      })
    },
    async startTransaction({ connectorId = 1, idTag = deps.idTag } = {}) {
      lastTransaction += 1
      const begun = { id: lastTransaction, connectorId, idTag }
      const outcome = await transactionEvent(begun, 'Started', 'Authorized')
      if (outcome.kind === 'result') transaction = begun
      return outcome
    },
    meterValues() {
      if (transaction === null) return call('MeterValues', { evseId: 1, meterValue: sampled() })
      meterWh += 50 + Math.floor(50 * deps.random())
      return transactionEvent(transaction, 'Updated', 'MeterValuePeriodic')
    },
    async stopTransaction() {
      const ending = transaction
      if (ending === null) return { kind: 'error', code: 'NoTransaction', description: '', details: {} }
      const outcome = await transactionEvent(ending, 'Ended', 'StopAuthorized')
      if (outcome.kind === 'result' && transaction?.id === ending.id) transaction = null
      return outcome
    },
  }
}
