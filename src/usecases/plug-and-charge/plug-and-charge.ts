import type { Logger } from '../../observe/log.ts'
import type { ActionName201 } from '../../ocpp/actions-201.ts'
import { errorCode201 } from '../../ocpp/message.ts'
import type { MessageSchemas } from '../../ocpp/message-schemas.ts'
import { protocols } from '../../policy/protocol.ts'
import {
  type Answered,
  answerError,
  answerWith,
  type CallFate,
  forward,
  type UseCase,
  type UseCaseSession,
  type Watch,
} from '../../relay/use-case.ts'
import type { Signer } from '../ocpp201/sign-certificate.ts'
import type { OperationDeps } from '../operation/context.ts'
import type { ChargePointOperations } from '../operation/operation.ts'
import { certificateStatusAnswer, evCertificateAnswer, type ServedAnswer } from './answers.ts'
import { askByIdTag, judgeAuthorize, withStatus } from './authorize.ts'
import { type Asked, type AskedMessage, askedMessages, forms, nativeMessages } from './forms.ts'
import { isServed, type PlugAndChargeServices } from './settings.ts'
import { v2gRenewal } from './v2g-renewal.ts'
import type { V2gSigning } from './v2g-signing.ts'

export interface PlugAndChargeDeps {
  /** Asked for every message, so that a reload counts at once. */
  readonly services: () => PlugAndChargeServices
  readonly signing: V2gSigning
  readonly schemas201: MessageSchemas<ActionName201>
  /** Milliseconds for an answer of the charge point. */
  readonly callTimeoutMs: () => number
  readonly counted: (message: AskedMessage, result: ServedAnswer['result']) => void
  readonly log: Logger
}

export interface PlugAndCharge {
  readonly useCase: UseCase
  /** SignCertificate of OCPP 2.0.1 for a V2GCertificate. */
  readonly signer: Signer
  /** A new V2G certificate, as an operator wants it. */
  renewal(deps: OperationDeps): ChargePointOperations['renewV2gCertificate']
}

/**
 * ISO 15118 (M01, M02, M06, A02, C07): what the configuration serves is answered here and never seen by the
 * central system, whether it comes in a DataTransfer of OCPP 1.6 or natively in OCPP 2.0.1; everything else
 * goes on as the bytes that came.
 */
export function createPlugAndCharge(deps: PlugAndChargeDeps): PlugAndCharge {
  const { services, signing } = deps
  const fate = async (session: UseCaseSession, asked: Asked): Promise<CallFate> => {
    // Read once: a reload meanwhile is for the next message.
    const present = services()
    const served = isServed(present, asked.message) ? await serve(deps, session, asked, present) : null
    return served === null ? forward : fateOf(deps, session, asked, served)
  }
  const useCase: UseCase = {
    name: 'plug-and-charge',
    protocols,
    watches: watchesOf(services),
    onCall(call, session) {
      const { protocol, stage } = session.facts
      const asked = call.direction === 'to-central-system' ? forms[protocol].read(call) : null
      if (asked === null) return forward
      // A00.FR.806: with factory credentials there is nothing to be had; signing says so itself.
      if (stage === 'onboarding' && asked.message !== 'SignCertificate') return forward
      return fate(session, asked)
    },
    ended: (session) => signing.ended(session),
  }
  const signer: Signer = {
    serves: () => isServed(services(), 'SignCertificate'),
    request: ({ payload }, session) => fate(session, { message: 'SignCertificate', data: payload }),
  }
  const serves = () => isServed(services(), 'SignCertificate')
  return { useCase, signer, renewal: (common) => v2gRenewal({ ...common, signing, serves }) }
}

function watchesOf(services: () => PlugAndChargeServices): readonly Watch[] {
  const direction = 'to-central-system'
  const natively = nativeMessages.map(
    (action): Watch => ({
      ...{ direction, action },
      only: ({ facts }) => facts.protocol === 'ocpp2.0.1' && isServed(services(), action),
    }),
  )
  const wrapped: Watch = {
    ...{ direction, action: 'DataTransfer' },
    only: ({ facts }) =>
      facts.protocol === 'ocpp1.6' && askedMessages.some((message) => isServed(services(), message)),
  }
  return [wrapped, ...natively]
}

/** An answer of ours; or the CALL goes on, and its answer is looked at. */
type Served =
  | (ServedAnswer & { readonly sent?: () => void })
  | { readonly fate: CallFate; readonly result: ServedAnswer['result']; readonly detail: string | null }

/** null: the central system answers this one, and nobody has checked anything. */
async function serve(
  { signing, callTimeoutMs }: PlugAndChargeDeps,
  session: UseCaseSession,
  { message, data }: Asked,
  { certificateStatus, contractPool, contractCheck }: PlugAndChargeServices,
): Promise<Served | null> {
  switch (message) {
    case 'GetCertificateStatus':
      return certificateStatus === null ? null : certificateStatusAnswer(data, certificateStatus)
    case 'Get15118EVCertificate':
      return contractPool === null ? null : evCertificateAnswer(data, contractPool)
    case 'SignCertificate': {
      const { signed } = forms[session.facts.protocol]
      return signing.request(session, data, (chain) => signed(session, chain, { timeoutMs: callTimeoutMs() }))
    }
    case 'Authorize': {
      if (contractCheck === null) return null
      const { answer, verdict } = await judgeAuthorize(data, contractCheck)
      if (answer !== null) return answer
      if (session.facts.protocol === 'ocpp1.6') return askedByIdTag(session, data, verdict)
      return verdict === null ? null : passed(withStatus, verdict.detail)
    }
    default:
      return message satisfies never
  }
}

function passed(answered: Answered, detail: string | null): Served {
  return { fate: { kind: 'forward', answered }, result: 'accepted', detail }
}

async function askedByIdTag(...question: Parameters<typeof askByIdTag>): Promise<Served> {
  const outcome = await askByIdTag(...question)
  if ('payload' in outcome) return outcome
  const detail =
    outcome.kind === 'error' ? `the central system answered ${outcome.code.slice(0, 50)}` : outcome.detail
  const fate: CallFate =
    outcome.kind === 'error'
      ? { kind: 'answer', answer: outcome }
      : answerError('InternalError', 'the central system did not answer Authorize')
  return { fate, result: 'failed', detail }
}

function fateOf(
  { counted, log, schemas201 }: PlugAndChargeDeps,
  { facts }: UseCaseSession,
  { message, data }: Asked,
  served: Served,
): CallFate {
  const { result, detail } = served
  counted(message, result)
  if (detail !== null) {
    const what =
      result === 'accepted' ? 'plug and charge: accepted all the same' : 'plug and charge: not accepted'
    log.warn({ identity: facts.identity, message, detail }, what)
  }
  if ('fate' in served) return served.fate
  // OCPP 2.0.1 has a word for what breaks its schema; in a DataTransfer it is the answer that says so.
  const violation =
    result === 'malformed' && facts.protocol === 'ocpp2.0.1' ? schemas201.check(message, 'call', data) : null
  if (violation !== null)
    return answerError(errorCode201(violation.code), `${violation.path} ${violation.problem}`.trimStart())
  const { payload, sent } = served
  const fate = answerWith(forms[facts.protocol].answer(payload))
  return sent !== undefined && fate.kind === 'answer' ? { ...fate, sent } : fate
}
