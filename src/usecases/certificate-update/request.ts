import type { Payload } from '../../ocpp/message.ts'
import type { MessageSchemas } from '../../ocpp/message-schemas.ts'
import { type Csr, readCsr } from '../../pki/csr.ts'
import { type CsrProblem, checkCsr } from '../../policy/csr.ts'
import { messageOf, ProxyError } from '../../policy/error.ts'
import { checkOverProfile } from '../../policy/messages.ts'
import { protocols } from '../../policy/protocol.ts'
import { Repeats, unsaidWords } from '../../policy/repeats.ts'
import {
  answerError,
  answerWith,
  type Call,
  type CallFate,
  forward,
  type UseCase,
  type UseCaseSession,
} from '../../relay/use-case.ts'
import type { RenewalRecord } from '../../store/store.ts'
import { refusalOfMalformed } from '../security-messages/security-messages.ts'
import type { CertificateUpdateContext } from './context.ts'
import type { Expectations } from './expectations.ts'
import { createHourlyBudget } from './hourly-budget.ts'
import { seenWith } from './retire.ts'
import { repetitionOf } from './rules.ts'
import { signedElsewhere } from './served.ts'
import { isKeyOfVehicles } from './vehicles-key.ts'
import type { RenewalWork } from './work.ts'

export interface CertificateRequestDeps {
  readonly context: CertificateUpdateContext
  readonly work: RenewalWork
  readonly expectations: Expectations
  readonly schemas: MessageSchemas
  /** Milliseconds after the beginning of a session in which the charge point says what it has to say first. */
  readonly settleMs: number
}

export interface CertificateRequests {
  readonly useCase: UseCase
  /** SignCertificate of a well-formed CALL, in whatever version of OCPP. */
  request(call: Call, session: UseCaseSession): CallFate | Promise<CallFate>
}

/** A charge point that asks again and again makes one event a minute, not one a CALL (CWE-770). */
const repeatMs = 60_000
const maxRemembered = 10_000

/**
 * SignCertificate (A02, A03): judged, written down, answered Accepted, and only then processed. What cannot
 * be done is answered Rejected (A02.FR.12): no authority, one that is known to be down, a request that may not
 * be signed. The central system sees nothing of it (`securityMessages: answer`).
 */
export function certificateRequests(deps: CertificateRequestDeps): CertificateRequests {
  const { context, work, expectations, schemas, settleMs } = deps
  const { settings, clock, note, log, changes } = context
  const repeats = new Repeats(repeatMs, maxRemembered)
  const budget = createHourlyBudget(maxRemembered)
  /** Sessions with a certificate, until the charge point is heard on them. */
  const unheard = new Set<UseCaseSession>()

  function reject(session: UseCaseSession, why: string, code: string): CallFate {
    const { identity, listener, address } = session.facts
    context.counted('rejected')
    changes.tell(identity, { kind: 'rejected', why })
    log.info({ identity, code, why }, 'a certificate request was answered Rejected')
    const unsaid = repeats.say(`${identity}\n${code}`, clock.now())
    if (unsaid !== null) {
      const techInfo = `the request was answered Rejected: ${why} [A02.FR.12]${unsaidWords(unsaid)}`
      note({ type: 'SignCertificateRejected', identity, listener, address, techInfo })
    }
    return answerWith({ status: 'Rejected' })
  }

  async function onRequest(call: Call, session: UseCaseSession): Promise<CallFate> {
    const { identity } = session.facts
    if (!context.asking.isConfigured())
      return reject(session, 'no certificate authority is configured', 'authority')
    const reading = readCsr(String(call.payload.csr))
    if (!reading.ok) return rejectFor(session, [reading.problem])
    const { csr } = reading
    const certificateType = typeOf(call.payload)
    const record = await context.registry.get(identity)
    if (record === null) return reject(session, 'the charge point is not registered', 'charge_point_unknown')
    const { keyFingerprint } = csr.facts
    const keyOwner =
      (await context.registry.keyOwner(keyFingerprint)) ?? (await context.renewals.keyOwner(keyFingerprint))
    const { cpoNames, minimumLifetimeMs, requestsPerHour } = settings()
    const problems = checkCsr(csr.facts, { identity, cpoNames, keyOwner, serialNumber: record.serialNumber })
    if (problems.length > 0) return rejectFor(session, problems)
    if (await isKeyOfVehicles(context.issued, identity, keyFingerprint))
      return reject(
        session,
        'it is the key of a V2G certificate: one key is for one domain of trust',
        'v2g_key',
      )
    const present = await context.renewals.get(identity)
    if (repetitionOf(present, keyFingerprint, minimumLifetimeMs, clock.now()) === 'same' && present !== null)
      return repeat(session, present, certificateType)
    const { keyType: wanted = null } = expectations.get(identity) ?? {}
    const keyType = keyTypeOf(csr)
    if (wanted !== null && wanted !== keyType)
      return reject(session, `it has a key of type ${keyType}, and ${wanted} was asked for`, 'key_type')
    const down = context.asking.problem(keyType)
    if (down !== null) return reject(session, down, 'authority')
    if (!budget.take(identity, requestsPerHour, clock.now()))
      return reject(session, `it has sent ${requestsPerHour} new requests within an hour`, 'request_rate')
    return begin(session, csr, present, certificateType)
  }

  function rejectFor(session: UseCaseSession, problems: readonly CsrProblem[]): CallFate {
    const why = problems.map(({ code, detail }) => `${code}: ${detail}`).join('; ')
    return reject(session, why, problems.map(({ code }) => code).join())
  }

  /** On disk before it is answered: Accepted is a promise (A02.FR.11). */
  async function begin(
    session: UseCaseSession,
    csr: Csr,
    present: RenewalRecord | null,
    certificateType: CertificateType,
  ): Promise<CallFate> {
    const { identity, certificate, profile, stage } = session.facts
    const expected = expectations.get(identity)
    const { keyFingerprint, organizationNames, commonNames } = csr.facts
    try {
      const renewal = await context.renewals.begin(
        {
          ...{ identity, keyFingerprint, csr: csr.pem, keyType: keyTypeOf(csr) },
          origin: expected?.origin ?? 'charge-point',
          organization: organizationNames[0] ?? '',
          serialNumber: commonNames[0] ?? '',
          // That of its manufacturer does not retire: after a factory reset it is all that it has.
          previousFingerprint: profile === 3 && stage !== 'onboarding' ? certificate : null,
          maxChainSize: expected?.maxChainSize ?? present?.maxChainSize ?? null,
          certificateType,
        },
        clock.now(),
      )
      const { keyType, origin } = renewal
      log.info({ identity, keyType, origin, keyFingerprint }, 'a certificate request was accepted')
    } catch (error) {
      if (!(error instanceof ProxyError && error.code === 'key_taken')) throw error
      return reject(session, `csr_shared_key: ${error.message}`, 'csr_shared_key')
    }
    return accept(identity)
  }

  /** The same key again: the same answer, and the certificate that there is (edition 4 repeats requests). */
  async function repeat(
    session: UseCaseSession,
    present: RenewalRecord,
    certificateType: CertificateType,
  ): Promise<CallFate> {
    const { identity } = session.facts
    const detail = 'asked for again with the same key'
    const again = present.phase === 'pending' ? {} : ({ phase: 'issued', deliveries: 0, detail } as const)
    await context.renewals.step(identity, present.startedAt, { ...again, certificateType }, clock.now())
    log.info({ identity, phase: present.phase }, 'a certificate request was repeated')
    return accept(identity)
  }

  function accept(identity: string): CallFate {
    const answer = { kind: 'result', payload: { status: 'Accepted' } } as const
    // A02.FR.11: CertificateSigned comes behind this answer, never before.
    return {
      kind: 'answer',
      answer,
      sent: () => {
        changes.tell(identity, { kind: 'requested' })
        work.wake(identity)
      },
    }
  }

  async function begun(session: UseCaseSession): Promise<void> {
    const { identity } = session.facts
    const renewal = await context.renewals.get(identity)
    if (renewal !== null && ['pending', 'issued', 'sent'].includes(renewal.phase))
      work.wake(identity, settleMs)
  }

  function failed(session: UseCaseSession, error: unknown): void {
    const { identity } = session.facts
    log.error({ identity, err: messageOf(error) }, 'the renewal of a charge point cannot be looked up')
  }

  function request(call: Call, session: UseCaseSession): CallFate | Promise<CallFate> {
    const allowed = checkOverProfile(call, session.facts.profile, settings().overInsecureProfiles)
    if (!allowed.allowed) return answerError('SecurityError', allowed.detail)
    return onRequest(call, session)
  }

  const useCase: UseCase = {
    name: 'certificate-update',
    protocols,
    watches: [
      { direction: 'to-central-system', action: 'SignCertificate', only: is16 },
      { direction: 'to-central-system', action: '*', only: (session) => unheard.has(session) },
    ],
    onCall(call, session) {
      // One that never heard that it is connected may fall back, and must find its old certificate valid.
      if (unheard.delete(session))
        seenWith(context, session).catch((error: unknown) => failed(session, error))
      // That of OCPP 2.0.1 is for whoever signs certificates of its type (ocpp201/sign-certificate).
      if (call.action !== 'SignCertificate' || !is16(session)) return forward
      if (signedElsewhere(settings(), session) !== null) return forward
      return refusalOfMalformed(schemas, 'SignCertificate', call) ?? request(call, session)
    },
    started(session) {
      // At once: what it says first may come before the store has said anything.
      if (session.facts.profile === 3 && session.facts.certificate !== null) unheard.add(session)
      begun(session).catch((error: unknown) => failed(session, error))
    },
    ended(session) {
      unheard.delete(session)
      work.wake(session.facts.identity)
    },
  }
  return { useCase, request }
}

type CertificateType = RenewalRecord['certificateType']

/** What the request names; OCPP 1.6 names none. */
function typeOf({ certificateType }: Payload): CertificateType {
  return certificateType === 'ChargingStationCertificate' ? certificateType : null
}

function is16({ facts }: UseCaseSession): boolean {
  return facts.protocol === 'ocpp1.6'
}

/** Which of two authorities signs it: `checkCsr` lets RSA, RSA-PSS and curves pass. */
export function keyTypeOf({ facts }: Csr): 'rsa' | 'ec' {
  return facts.key.type === 'rsa' || facts.key.type === 'rsa-pss' ? 'rsa' : 'ec'
}
