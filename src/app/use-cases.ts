import { randomBytes } from 'node:crypto'
import type { CampaignService } from '../campaigns/service.ts'
import { createCampaigns } from '../campaigns/service.ts'
import type { Config } from '../config/schema.ts'
import type { NoteEvent } from '../events/proxy-event.ts'
import { hashKey, matches } from '../gate/credentials/hash.ts'
import type { Logger } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { createMessageSchemas } from '../ocpp/message-schemas.ts'
import type { SessionDirectory, UseCase, UseCaseSession } from '../relay/use-case.ts'
import { seal } from '../store/seal.ts'
import type { Store } from '../store/store.ts'
import { configurationAnswer } from '../usecases/configuration-answer.ts'
import { createGuard } from '../usecases/guard.ts'
import { createMessageSchema } from '../usecases/message-schema.ts'
import type { OnboardingUseCase } from '../usecases/onboarding/onboarding.ts'
import { systemClock } from '../usecases/operation/clock.ts'
import { type ChargePointChanges, createChargePointChanges } from '../usecases/operation/operations.ts'
import { campaignRootProblem } from '../usecases/root-certificates/campaign.ts'
import { createSignCertificateRejection } from '../usecases/security-messages/certificate.ts'
import { createStatusMessages } from '../usecases/security-messages/security-messages.ts'
import { transactions } from '../usecases/transactions/transactions.ts'
import { onboardingOf } from './onboarding.ts'

export interface UseCaseDeps {
  readonly store: Store
  readonly log: Logger
  readonly metrics: Metrics
  readonly note: NoteEvent
  readonly sessions: SessionDirectory
  /** As the last reload left it. */
  readonly config: () => Config
  /** Of the security log. */
  readonly events: readonly UseCase[]
}

export interface UseCases {
  /** In the order in which they see a CALL: who refuses comes before who acts. */
  readonly all: readonly UseCase[]
  readonly changes: ChargePointChanges
  readonly campaigns: CampaignService
  readonly onboarding: OnboardingUseCase
}

/** Wires what the proxy says and changes itself (design, section 10). */
export function createUseCases(deps: UseCaseDeps): UseCases {
  const { store, log, metrics, note, sessions, config } = deps
  const schemas = createMessageSchemas()
  const now = () => performance.now()
  const mode = () => config().centralSystem.securityMessages
  const settings = () => config().messages
  const busy = transactions({
    maxChargePoints: config().limits.connections,
    // Of time that passes: a clock that is set must not end a wait.
    clock: { ...systemClock(), now },
  })
  const changes = createChargePointChanges({
    registry: store.registry,
    roots: store.roots,
    sessions,
    transactions: busy.watch,
    clock: systemClock(),
    note,
    log,
    config,
    hashKey,
    matches,
    seal,
    randomBytes,
  })
  const campaigns = createCampaigns({
    store: store.campaigns,
    registry: store.registry,
    operations: changes.operations,
    transactions: busy.watch,
    isConnected: (identity) => isServed(sessions.get(identity)),
    note,
    log,
    gauge: metrics.campaignChargePoints,
    rootProblem: (kind, root) => campaignRootProblem(kind, root, Date.now()),
  })
  const onboarding = onboardingOf(deps, changes.operations, busy.watch)
  const schema = createMessageSchema({ settings, schemas, metrics, log, now })
  return {
    all: [
      createGuard({ settings, note, now }),
      // Near the front: of an answer it hears last, and what it hides nobody brings back.
      configurationAnswer(),
      ...(schema === null ? [] : [schema]),
      ...deps.events,
      createStatusMessages({ mode, schemas, log }),
      createSignCertificateRejection({ mode, schemas, note, now }),
      busy.useCase,
      ...changes.useCases,
      {
        name: 'campaigns',
        watches: [],
        started(session) {
          if (isServed(session)) campaigns.chargePointStarted(session.facts.identity)
        },
      },
      onboarding.useCase,
    ],
    changes,
    campaigns,
    onboarding,
  }
}

/** Not in onboarding: a campaign waits until the charge point has credentials of the operator. */
function isServed(session: UseCaseSession | null): boolean {
  return session?.isOpen === true && session.facts.stage !== 'onboarding'
}
