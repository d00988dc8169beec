import { stationCommands } from './charging-station-commands.ts'
import type { CommandTable } from './commands.ts'
import type { ConfigurationKeys } from './configuration-keys.ts'
import { makeRequest, type RequestFault, type RequestKeyType } from './csr.ts'
import type { Answer, CallOutcome } from './endpoint.ts'
import type { OwnCertificates } from './own-certificates.ts'
import { securityCommands } from './security-commands.ts'

/** How a charge point takes CertificateSigned. */
export const signedFaults = {
  obey: 'As the standard says: a good one is taken, a bad one Rejected with an event.',
  reject: 'Rejected, however good it is.',
  silent: 'It never answers, and does not take it.',
  error: 'CALLERROR InternalError, and it does not take it.',
  'drop-before': 'The line drops before it has taken or answered anything.',
  'drop-after': 'It takes it, and the line drops before the answer.',
  pretend: 'Accepted, and it goes on with its old one.',
} as const
export type SignedFault = keyof typeof signedFaults

export const triggerAnswers = ['Accepted', 'Rejected', 'NotImplemented'] as const
export type TriggerAnswer = (typeof triggerAnswers)[number]

export interface CertificateBehaviour {
  /** ExtendedTriggerMessage(SignChargePointCertificate), TriggerMessage(SignChargingStationCertificate). */
  readonly trigger: TriggerAnswer
  readonly request: RequestFault
  readonly signed: SignedFault
  readonly keyType: RequestKeyType
  /** OCPP 2.0.1: its request says that it is for this connection; else it leaves the type out, and it is for both uses. */
  readonly namesType: boolean
  /** It connects again at once with a certificate that it has taken; else it is used whenever it connects. */
  readonly reconnects: boolean
}

export const obedientCertificates: CertificateBehaviour = {
  trigger: 'Accepted',
  request: 'good',
  signed: 'obey',
  keyType: 'ec',
  namesType: true,
  reconnects: false,
}

export interface CertificateCommandDeps {
  readonly own: OwnCertificates
  readonly behaviour: () => CertificateBehaviour
  readonly configuration: ConfigurationKeys
  readonly serialNumber: string
  /** PEM of the roots that it trusts; null: none are known. */
  readonly roots: () => readonly string[] | null
  readonly call: (action: string, payload: CertificateRequest) => Promise<CallOutcome>
  /** It speaks OCPP 2.0.1; left out: it does not. */
  readonly is201?: boolean
  /** Its V2G certificate, in OCPP 2.0.1; left out: it has none. */
  readonly v2g?: {
    /** CertificateSigned. */
    readonly take: (chain: string) => Answer
    readonly request: () => Promise<boolean>
  }
  readonly inBackground: (work: () => Promise<unknown>) => void
  readonly reconnect: (reason: string) => Promise<void>
  readonly drop: () => void
  readonly raise: (event: string, techInfo?: string) => void
  readonly acted: (event: string, techInfo?: string) => void
  readonly note: (detail: string) => void
  readonly now: () => number
}

export interface CertificateCommands {
  readonly table: CommandTable
  /** The same in OCPP 2.0.1. */
  readonly table201: CommandTable
  /** A new key, and SignCertificate for it (A02, A03). False: it was not accepted. */
  renew(): Promise<boolean>
}

/** SignCertificate.req; OCPP 2.0.1 says what it is for. */
export type CertificateRequest = {
  readonly csr: string
  readonly certificateType?: 'ChargingStationCertificate'
}

/** A02 and A03 of the charge point. */
export function certificateCommands(deps: CertificateCommandDeps): CertificateCommands {
  const { own, behaviour, configuration, serialNumber, call, inBackground, note } = deps
  const organization = (): string => configuration.get('CpoName') ?? ''

  async function renew(): Promise<boolean> {
    const { keyType, request: fault, namesType } = behaviour()
    const settings = { keyType, fault, serialNumber, organization: organization() }
    const { pem, keys } = await makeRequest(settings)
    // Before it is sent: the certificate may be quicker than the answer.
    own.requested(keys)
    const type =
      deps.is201 === true && namesType ? ({ certificateType: 'ChargingStationCertificate' } as const) : {}
    const outcome = await call('SignCertificate', { csr: pem, ...type })
    const isAccepted = outcome.kind === 'result' && outcome.payload.status === 'Accepted'
    // Edition 3 leaves the next try to an operator.
    if (!isAccepted) note('the certificate request was not accepted')
    return isAccepted
  }

  function trigger(work = renew): Answer {
    const { trigger: status } = behaviour()
    return status === 'Accepted'
      ? { kind: 'result', payload: { status }, afterwards: () => inBackground(work) }
      : { kind: 'result', payload: { status } }
  }

  const table: CommandTable = {
    ExtendedTriggerMessage: (payload, target) =>
      payload.requestedMessage === 'SignChargePointCertificate'
        ? trigger()
        : (securityCommands.ExtendedTriggerMessage?.(payload, target) ?? notImplemented),
    CertificateSigned: ({ certificateChain }) =>
      typeof certificateChain === 'string'
        ? signed(deps, certificateChain, organization())
        : { kind: 'error', code: 'TypeConstraintViolation', description: 'certificateChain is no text' },
  }
  const table201: CommandTable = {
    TriggerMessage: (payload, target) => {
      const { requestedMessage } = payload
      if (requestedMessage === 'SignChargingStationCertificate') return trigger()
      return requestedMessage === 'SignV2GCertificate' && deps.v2g !== undefined
        ? trigger(deps.v2g.request)
        : (stationCommands.TriggerMessage?.(payload, target) ?? notImplemented)
    },
    CertificateSigned(payload, target) {
      const { certificateChain: chain, certificateType } = payload
      if (certificateType !== 'V2GCertificate' || typeof chain !== 'string')
        return table.CertificateSigned?.(payload, target) ?? notImplemented
      return deps.v2g?.take(chain) ?? { kind: 'result', payload: { status: 'Rejected' } }
    },
  }
  return { table, table201, renew }
}

const notImplemented: Answer = { kind: 'result', payload: { status: 'NotImplemented' } }

function signed(deps: CertificateCommandDeps, chain: string, organization: string): Answer {
  const { own, behaviour, serialNumber, roots, now } = deps
  const { signed: fault } = behaviour()
  const comeBack = (): void => {
    deps.drop()
    deps.inBackground(() => deps.reconnect('the line dropped'))
  }
  switch (fault) {
    case 'reject':
      return rejected(deps, 'it takes none')
    case 'silent':
      return { kind: 'none' }
    case 'error':
      return { kind: 'error', code: 'InternalError', description: 'the charge point failed' }
    case 'pretend':
      return { kind: 'result', payload: { status: 'Accepted' } }
    case 'drop-before':
      return { kind: 'none', afterwards: comeBack }
    case 'obey':
    case 'drop-after':
      break
    default:
      return fault satisfies never
  }
  // A02.FR.06
  const problem = own.judge(chain, { roots: roots(), serialNumber, organization, now: now() })
  if (problem !== null) return rejected(deps, problem)
  own.take(chain)
  deps.acted('ReconfigurationOfSecurityParameters', 'charge point certificate')
  deps.note('a new certificate is used from the next connection on (A02.FR.08)')
  if (fault === 'drop-after') return { kind: 'none', afterwards: comeBack }
  const afterwards = (): void => {
    if (behaviour().reconnects) deps.inBackground(() => deps.reconnect('new certificate'))
  }
  return { kind: 'result', payload: { status: 'Accepted' }, afterwards }
}

/** A02.FR.07: the event tells the central system, and the old certificate stays. */
function rejected({ raise, note }: CertificateCommandDeps, problem: string): Answer {
  note(`a certificate was refused: ${problem}`)
  return {
    kind: 'result',
    payload: { status: 'Rejected' },
    afterwards: () => raise('InvalidChargePointCertificate', problem),
  }
}
