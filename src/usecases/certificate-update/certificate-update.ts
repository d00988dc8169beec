import type { X509Certificate } from 'node:crypto'
import type { NoteEvent } from '../../events/proxy-event.ts'
import type { Logger } from '../../observe/log.ts'
import type { MessageSchemas } from '../../ocpp/message-schemas.ts'
import type { Authority } from '../../pki/authority/authority.ts'
import type { Call, CallFate, SessionDirectory, UseCase, UseCaseSession } from '../../relay/use-case.ts'
import type { DenyList, IssuedCertificates, Registry, Renewals } from '../../store/store.ts'
import type { Clock } from '../operation/clock.ts'
import type { OperationDeps } from '../operation/context.ts'
import type { ChargePointOperations } from '../operation/operation.ts'
import { createAsking, type KeyType } from './asking.ts'
import {
  type CertificateSettings,
  type CertificateUpdateContext,
  createRenewalChanges,
  type RenewalResult,
} from './context.ts'
import { createExpectations } from './expectations.ts'
import type { MessagesOf } from './messages.ts'
import { certificateRenewal } from './operation.ts'
import { certificateRequests } from './request.ts'
import { signedElsewhere } from './served.ts'
import { createRenewalWork } from './work.ts'

export interface CertificateUpdateDeps {
  readonly store: {
    readonly renewals: Renewals
    readonly issued: IssuedCertificates
    readonly denied: Pick<DenyList, 'add'>
    readonly registry: Registry
  }
  readonly sessions: SessionDirectory
  readonly schemas: MessageSchemas
  readonly messagesOf: MessagesOf
  readonly clock: Clock
  readonly note: NoteEvent
  readonly log: Logger
  readonly authority: () => Authority | null
  readonly settings: () => CertificateSettings
  /** Roots of charge point certificates that the listeners of profile 3 trust; empty: there is none. */
  readonly trust: () => readonly X509Certificate[]
  readonly counted: (result: RenewalResult) => void
  readonly authorityTold: (keyType: KeyType, isUp: boolean) => void
  readonly random: () => number
  readonly settleMs?: number
}

/** Certificates of charge points (A02, A03). */
export interface CertificateUpdate {
  readonly useCase: UseCase
  /** Its certificate is signed here, and not by the central system. */
  serves(session: UseCaseSession): boolean
  /** SignCertificate of a session that is served, its form judged already. */
  request(call: Call, session: UseCaseSession): CallFate | Promise<CallFate>
  /** `deps`: what operations on charge points share. */
  operation(deps: OperationDeps): ChargePointOperations['renewCertificate']
  /** The authorities are others: what waits for them is tried at once. */
  authoritiesChanged(): void
  /** What an operator should know of: an authority that cannot be asked. */
  notes(): readonly string[]
  /** What is under way stays as it is stored. */
  stop(): void
  /** Like `stop`; fulfilled when the store is not used any more. Sessions have to be over. */
  close(): Promise<void>
}

/** Charge points boot within so many milliseconds of connecting, and are not asked anything before that. */
const settleMs = 2_000

export function createCertificateUpdate(deps: CertificateUpdateDeps): CertificateUpdate {
  const { store, sessions, clock, note, log, authority, settings, counted, random } = deps
  const stopping = new AbortController()
  const asking = createAsking({
    authority,
    log,
    now: clock.now,
    stopping: stopping.signal,
    told: deps.authorityTold,
  })
  const context: CertificateUpdateContext = {
    ...store,
    ...{ sessions, clock, note, log, asking, settings, counted, random },
    trust: () => {
      const trusted = deps.trust()
      // Without a listener of profile 3 nobody judges the certificate here: it has to be whole, at least.
      return trusted.length > 0 ? trusted : (authority()?.roots() ?? [])
    },
    stopping: stopping.signal,
    changes: createRenewalChanges(),
    messagesOf: deps.messagesOf,
  }
  const work = createRenewalWork(context)
  const expectations = createExpectations()
  const requests = certificateRequests({
    ...{ context, work, expectations },
    schemas: deps.schemas,
    settleMs: deps.settleMs ?? settleMs,
  })
  return {
    ...requests,
    serves: (session) => signedElsewhere(settings(), session) === null,
    operation: (operationDeps) => certificateRenewal({ ...operationDeps, context, expectations }),
    authoritiesChanged: () => work.wakeAll(),
    notes() {
      const problem = authority() === null ? null : asking.problem()
      return problem === null ? [] : [problem]
    },
    stop: () => stopping.abort(),
    async close() {
      stopping.abort()
      await work.ended()
    },
  }
}
