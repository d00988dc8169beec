import type { Payload } from '../ocpp/message.ts'
import type { ChargePointMessages } from './charge-point-messages.ts'
import type { ChargePointSecurity } from './charge-point-security.ts'
import type { BackgroundWork, CommandTarget } from './commands.ts'
import type { ConfigurationKeys } from './configuration-keys.ts'
import type { Answer, CallOutcome } from './endpoint.ts'

export interface CommandTargetDeps {
  readonly configuration: ConfigurationKeys
  readonly messages: ChargePointMessages
  readonly security: ChargePointSecurity
  readonly call: (action: string, payload: Payload) => Promise<CallOutcome>
  /** Disconnects and comes back, with the settings of that moment. */
  readonly reconnect: (reason: string) => Promise<void>
  readonly inBackground: (work: () => Promise<unknown>) => void
  readonly note: (detail: string) => void
}

/** Carries out what the commands of the central system ask for. */
export function createCommandTarget(deps: CommandTargetDeps): CommandTarget {
  const { configuration, messages, security, inBackground, note } = deps

  function changePassword(value: string): Answer {
    if (!security.setKey(value)) return status('Rejected')
    // A01.FR.11 and A01.FR.12: the change is logged, the value is not.
    note('the password was changed')
    return status('Accepted', () => inBackground(() => deps.reconnect('new password')))
  }

  function changeProfile(value: string): Answer {
    const decision = security.decideProfile(value)
    if (!decision.ok) {
      note(`security profile refused: ${decision.why}`)
      return status('Rejected')
    }
    const { profile } = decision
    return status('Accepted', () => {
      security.enterProfile(profile)
      configuration.put('SecurityProfile', String(profile))
      inBackground(() => deps.reconnect(`to security profile ${profile}`))
    })
  }

  return {
    configuration,
    get transactionId() {
      return messages.transaction?.id ?? null
    },
    get booted() {
      return messages.booted
    },
    perform: (work) => inBackground(() => perform(work, deps)),
    changeSecurityKey(name, value) {
      switch (name) {
        case 'AuthorizationKey':
          return changePassword(value)
        case 'SecurityProfile':
          return changeProfile(value)
      }
    },
  }
}

async function perform(work: BackgroundWork, deps: CommandTargetDeps): Promise<unknown> {
  const { messages } = deps
  switch (work.kind) {
    case 'start':
      await messages.startTransaction(work)
      return messages.transaction === null ? null : messages.status(work.connectorId, 'Charging')
    case 'stop': {
      const connectorId = messages.transaction?.connectorId ?? 1
      await messages.stopTransaction(work.reason)
      return messages.status(connectorId, 'Available')
    }
    case 'boot':
      return messages.boot()
    case 'heartbeat':
      return messages.heartbeat()
    case 'meter-values':
      return messages.meterValues()
    case 'status':
      return messages.status(work.connectorId, work.status)
    case 'call':
      return deps.call(work.action, work.payload)
    case 'reset':
      if (messages.transaction !== null) await messages.stopTransaction(work.reason)
      messages.restart()
      return deps.reconnect(work.reason)
  }
}

function status(value: string, afterwards: () => void = () => {}): Answer {
  return { kind: 'result', payload: { status: value }, afterwards }
}
