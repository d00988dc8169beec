import type { Payload } from '../ocpp/message.ts'
import type { ChangeBehaviour, ChargePointBehaviour } from './behaviour.ts'
import type { ChargePointMessages } from './charge-point-messages.ts'
import type { ChargePointSecurity } from './charge-point-security.ts'
import type { BackgroundWork, CommandTarget } from './commands.ts'
import type { ConfigurationKeys } from './configuration-keys.ts'
import type { Answer, CallOutcome } from './endpoint.ts'

export interface CommandTargetDeps {
  readonly configuration: ConfigurationKeys
  readonly messages: ChargePointMessages
  readonly security: ChargePointSecurity
  readonly network: CommandTarget['network']
  /** How it takes changes of password and profile at this moment. */
  readonly behaviour: () => ChargePointBehaviour
  readonly call: (action: string, payload: Payload) => Promise<CallOutcome>
  /** Disconnects and comes back, with the settings of that moment. */
  readonly reconnect: (reason: string) => Promise<void>
  /** The line drops: no close frame. */
  readonly drop: () => void
  readonly inBackground: (work: () => Promise<unknown>) => void
  readonly note: (detail: string) => void
  /** Something that a charge point has to report was done (A04). */
  readonly acted: (event: string, techInfo?: string) => void
  readonly logStatus: () => Payload
}

/** A change that was found to be in order. */
interface Change {
  readonly key: keyof ChargePointBehaviour
  readonly reason: string
  /** Takes it; the next connection is made with it. */
  readonly take: () => void
  /** Keeps it until the next Reset. */
  readonly stage: () => void
}

/** Carries out what the commands of the central system ask for. */
export function createCommandTarget(deps: CommandTargetDeps): CommandTarget {
  const { configuration, messages, security, inBackground, note } = deps

  function passwordChange(value: string): Change | null {
    const key = security.readKey(value)
    if (key === null) return null
    const take = (): void => {
      security.takeKey(key)
      // A01.FR.11 and A01.FR.12: the change is logged, the value is not.
      note('the password was changed')
      deps.acted('ReconfigurationOfSecurityParameters', 'AuthorizationKey')
    }
    return { key: 'authorizationKey', reason: 'new password', take, stage: () => security.stage(take) }
  }

  function profileChange(value: string): Change | null {
    const decision = security.decideProfile(value)
    if (!decision.ok) {
      note(`security profile refused: ${decision.why}`)
      return null
    }
    const { profile } = decision
    const take = (): void => {
      security.enterProfile(profile)
      configuration.put('SecurityProfile', String(profile))
      deps.acted('ReconfigurationOfSecurityParameters', `SecurityProfile ${profile}`)
    }
    const reason = `to security profile ${profile}`
    return { key: 'securityProfile', reason, take, stage: () => security.stage(take) }
  }

  return {
    configuration,
    network: deps.network,
    get transactionId() {
      return messages.transaction?.id ?? null
    },
    logStatus: deps.logStatus,
    get booted() {
      return messages.booted
    },
    perform: (work) => inBackground(() => perform(work, deps)),
    changeSecurityKey(name, value) {
      const key = name === 'AuthorizationKey' ? 'authorizationKey' : 'securityProfile'
      const judge = name === 'AuthorizationKey' ? passwordChange : profileChange
      return answerChange(deps.behaviour()[key], () => judge(value), deps)
    },
  }
}

function answerChange(
  behaviour: ChangeBehaviour,
  judge: () => Change | null,
  { inBackground, reconnect, drop }: CommandTargetDeps,
): Answer {
  const comeBack = (reason: string): void => inBackground(() => reconnect(reason))
  const dropped = (): void => {
    drop()
    comeBack('the line dropped')
  }
  switch (behaviour) {
    case 'refuse':
      return status('Rejected')
    case 'not-supported':
      return status('NotSupported')
    case 'error':
      return { kind: 'error', code: 'InternalError', description: 'the charge point failed' }
    case 'silent':
      return { kind: 'none' }
    case 'drop-before':
      return { kind: 'none', afterwards: dropped }
    case 'accept':
    case 'drop-after':
    case 'reboot-required':
      break
    default:
      return behaviour satisfies never
  }
  const change = judge()
  if (change === null) return status('Rejected')
  switch (behaviour) {
    case 'accept':
      return status('Accepted', () => {
        change.take()
        comeBack(change.reason)
      })
    case 'drop-after':
      return {
        kind: 'none',
        afterwards: () => {
          change.take()
          dropped()
        },
      }
    case 'reboot-required':
      return status('RebootRequired', change.stage)
    default:
      return behaviour satisfies never
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
      deps.security.takeStaged()
      deps.acted('ResetOrReboot', work.reason)
      return deps.reconnect(work.reason)
  }
}

function status(value: string, afterwards: () => void = () => {}): Answer {
  return { kind: 'result', payload: { status: value }, afterwards }
}
