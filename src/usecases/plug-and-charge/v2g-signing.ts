import type { X509Certificate } from 'node:crypto'
import type { NoteEvent } from '../../events/proxy-event.ts'
import type { Logger } from '../../observe/log.ts'
import type { Payload } from '../../ocpp/message.ts'
import type { Authority } from '../../pki/authority/authority.ts'
import { type Csr, readCsr } from '../../pki/csr.ts'
import { checkKind, type InsecureProfilePolicy } from '../../policy/messages.ts'
import { Repeats, unsaidWords } from '../../policy/repeats.ts'
import { checkV2gCsr, v2gCommonNames } from '../../policy/v2g-certificate.ts'
import type { CallOutcome, UseCaseSession } from '../../relay/use-case.ts'
import type { IssuedCertificates, Registry, Renewals } from '../../store/store.ts'
import { createAsking } from '../certificate-update/asking.ts'
import { createHourlyBudget } from '../certificate-update/hourly-budget.ts'
import { keyTypeOf } from '../certificate-update/request.ts'
import type { Clock } from '../operation/clock.ts'
import type { ServedAnswer } from './answers.ts'
import { issueV2g, type V2gJob } from './v2g-issue.ts'

/** Who signs V2G certificates, as the last reload left it. */
export interface V2gAuthority {
  readonly authority: Authority
  readonly roots: readonly X509Certificate[]
  /** Of the authorities that are trusted for charge points; SHA-256 over the SubjectPublicKeyInfo. */
  readonly foreignKeys: ReadonlySet<string>
  /** organizationNames that a request may have. */
  readonly organizations: readonly string[]
  /** Templates: {identity}, {serialNumber}. */
  readonly commonNames: readonly string[]
  /** Milliseconds. */
  readonly minimumLifetimeMs: number
  readonly giveUpAfterMs: number
  readonly requestsPerHour: number
}

export interface V2gSigningDeps {
  readonly service: () => V2gAuthority | null
  readonly registry: Pick<Registry, 'get' | 'keyOwner'>
  readonly renewals: Pick<Renewals, 'keyOwner'>
  readonly issued: Pick<IssuedCertificates, 'record'>
  readonly overInsecureProfiles: () => InsecureProfilePolicy
  readonly clock: Clock
  readonly random: () => number
  readonly note: NoteEvent
  readonly log: Logger
}

/** CertificateSigned in the envelope of the protocol. */
export type DeliverSigned = (certificateChain: string) => Promise<CallOutcome>

export interface V2gSigning {
  /**
   * Judges a SignCertificateRequest. Where it is accepted, `sent` is to be called when the answer is on
   * the wire: the certificate comes behind it, never before (A02.FR.11).
   */
  request(
    session: UseCaseSession,
    payload: Payload,
    deliver: DeliverSigned,
  ): Promise<ServedAnswer & { readonly sent?: () => void }>
  /** Hears what becomes of the requests of a charge point. One at a time; returns what ends that. */
  watch(identity: string, heard: (change: V2gChange) => void): () => void
  /** What is under way for this session ends: the charge point asks again (CertSigningRepeatTimes). */
  ended(session: UseCaseSession): void
}

/** What has become of a request, for whoever has asked for it. */
export type V2gChange =
  | { readonly kind: 'requested' }
  | { readonly kind: 'rejected' | 'failed' | 'refused' | 'unanswered'; readonly detail: string }
  | { readonly kind: 'taken' }

const repeatMs = 60_000
const maxRemembered = 10_000

/**
 * V2G certificates from an authority of their own (A02 with certificateType V2GCertificate). Knows nothing
 * of the envelope. What is accepted lives as long as the session: unlike its TLS certificate, a charge
 * point can always ask for this one again.
 */
export function createV2gSigning(deps: V2gSigningDeps): V2gSigning {
  const { service, registry, renewals, clock, log, note } = deps
  // The jobs end with their sessions, and each request by its own time-out.
  const stopping = new AbortController().signal
  const asking = createAsking({
    ...{ log, stopping, now: clock.now, told: () => {} },
    authority: () => service()?.authority ?? null,
  })
  const budget = createHourlyBudget(maxRemembered)
  const repeats = new Repeats(repeatMs, maxRemembered)
  /** One for each session at the most. */
  const jobs = new Map<UseCaseSession, V2gJob>()
  /** One for each operation that is under way. */
  const watchers = new Map<string, (change: V2gChange) => void>()
  const told = (identity: string, change: V2gChange): void => watchers.get(identity)?.(change)

  function reject(session: UseCaseSession, why: string, code: string): ServedAnswer {
    const { identity, listener, address } = session.facts
    told(identity, { kind: 'rejected', detail: why })
    const unsaid = repeats.say(`${identity}\n${code}`, clock.now())
    if (unsaid !== null) {
      const techInfo = `the request for a V2G certificate was answered Rejected: ${why}${unsaidWords(unsaid)}`
      note({ type: 'SignCertificateRejected', identity, listener, address, techInfo })
    }
    return { payload: { status: 'Rejected' }, result: 'failed', detail: why }
  }

  /** The request, or why it is not signed. */
  async function judge(
    session: UseCaseSession,
    { csr: text, certificateType }: Payload,
    present: V2gAuthority,
  ): Promise<Csr | ServedAnswer> {
    const { identity, profile, stage } = session.facts
    if (certificateType !== undefined && certificateType !== 'V2GCertificate')
      return reject(session, 'it is not for a V2G certificate, which is all that is signed here', 'type')
    if (stage === 'onboarding') return reject(session, 'it is in onboarding', 'onboarding')
    const allowed = checkKind('certificates', profile, deps.overInsecureProfiles())
    if (!allowed.allowed) return reject(session, allowed.detail, 'insecure-profile')
    const reading = readCsr(typeof text === 'string' ? text : '')
    if (!reading.ok)
      return reject(session, `${reading.problem.code}: ${reading.problem.detail}`, 'unreadable')
    const { csr } = reading
    const record = await registry.get(identity)
    if (record === null) return reject(session, 'the charge point is not registered', 'charge_point_unknown')
    const { keyFingerprint } = csr.facts
    const problems = checkV2gCsr(csr.facts, {
      organizations: present.organizations,
      commonNames: v2gCommonNames(present.commonNames, { identity, serialNumber: record.serialNumber }),
      tlsKeyOwner: (await registry.keyOwner(keyFingerprint)) ?? (await renewals.keyOwner(keyFingerprint)),
    })
    if (problems.length === 0) return csr
    const why = problems.map(({ code, detail }) => `${code}: ${detail}`).join('; ')
    return reject(session, why, problems.map(({ code }) => code).join())
  }

  return {
    async request(session, payload, deliver) {
      const { identity } = session.facts
      const present = service()
      if (present === null) return reject(session, 'no authority is configured', 'authority')
      const csr = await judge(session, payload, present)
      if (!('facts' in csr)) return csr
      const accepted: ServedAnswer = { payload: { status: 'Accepted' }, result: 'accepted', detail: null }
      const { keyFingerprint } = csr.facts
      // Repeated while it is under way: the same answer, and one certificate.
      if (jobs.get(session)?.keyFingerprint === keyFingerprint) {
        told(identity, { kind: 'requested' })
        return accepted
      }
      const down = asking.problem(keyTypeOf(csr))
      if (down !== null) return reject(session, down, 'authority')
      if (!budget.take(identity, present.requestsPerHour, clock.now()))
        return reject(
          session,
          `it has sent ${present.requestsPerHour} requests within an hour`,
          'request_rate',
        )
      told(identity, { kind: 'requested' })
      const stop = new AbortController()
      const job: V2gJob = { session, csr, keyFingerprint, stop, deliver }
      const sent = (): void => {
        jobs.get(session)?.stop.abort()
        jobs.set(session, job)
        const over = (): void => {
          if (jobs.get(session) === job) jobs.delete(session)
        }
        void issueV2g({ ...deps, asking, told }, present, job).finally(over)
      }
      return { ...accepted, sent }
    },
    watch(identity, heard) {
      watchers.set(identity, heard)
      return () => {
        if (watchers.get(identity) === heard) watchers.delete(identity)
      }
    },
    ended(session) {
      jobs.get(session)?.stop.abort()
      jobs.delete(session)
      const { identity } = session.facts
      told(identity, { kind: 'unanswered', detail: 'its session ended before it had the certificate' })
    },
  }
}
