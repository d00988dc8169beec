import { randomBytes, type X509Certificate } from 'node:crypto'
import type { CampaignService } from '../campaigns/service.ts'
import { createCampaigns } from '../campaigns/service.ts'
import type { Config } from '../config/schema.ts'
import type { NoteEvent } from '../events/proxy-event.ts'
import { hashKey, matches } from '../gate/credentials/hash.ts'
import type { Logger } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import {
  createMessageSchemas,
  createMessageSchemas201,
  type MessageSchemas,
} from '../ocpp/message-schemas.ts'
import { v2gIndex } from '../pki/authority/v2g-index.ts'
import { protocols } from '../policy/protocol.ts'
import { sessionsWhere } from '../relay/sessions-where.ts'
import type { SessionDirectory, UseCase, UseCaseSession } from '../relay/use-case.ts'
import { seal } from '../store/seal.ts'
import type { LogArchive, Registry, Store } from '../store/store.ts'
import {
  type CertificateUpdate,
  createCertificateUpdate,
} from '../usecases/certificate-update/certificate-update.ts'
import type { CertificateSettings } from '../usecases/certificate-update/context.ts'
import { renewalMessages16 } from '../usecases/certificate-update/messages.ts'
import {
  type ChargePointLogs,
  createChargePointLogs,
} from '../usecases/charge-point-logs/charge-point-logs.ts'
import { configurationAnswer } from '../usecases/configuration-answer.ts'
import { createGuard } from '../usecases/guard.ts'
import { createMessageSchema } from '../usecases/message-schema.ts'
import { createGuard201 } from '../usecases/ocpp201/guard.ts'
import { renewalMessages201 } from '../usecases/ocpp201/renewal.ts'
import { signCertificate201 } from '../usecases/ocpp201/sign-certificate.ts'
import type { OnboardingUseCase } from '../usecases/onboarding/onboarding.ts'
import { systemClock } from '../usecases/operation/clock.ts'
import type { ChargePointOperations } from '../usecases/operation/operation.ts'
import { type ChargePointChanges, createChargePointChanges } from '../usecases/operation/operations.ts'
import { createPlugAndCharge } from '../usecases/plug-and-charge/plug-and-charge.ts'
import { createV2gSigning } from '../usecases/plug-and-charge/v2g-signing.ts'
import { campaignRootProblem } from '../usecases/root-certificates/campaign.ts'
import { campaignFirmwareProblem } from '../usecases/signed-firmware/campaign.ts'
import { createSignedFirmware } from '../usecases/signed-firmware/signed-firmware.ts'
import { type TransactionWatch, transactions } from '../usecases/transactions/transactions.ts'
import type { Authorities } from './authorities.ts'
import { Firmware } from './firmware.ts'
import { onboardingOf } from './onboarding.ts'

export interface UseCaseDeps {
  /** For who acts for sessions: where replicas share the store, what is written is held to their leases. */
  readonly store: Store
  /** Whoever has the session. */
  readonly steps: Pick<Registry, 'listCredentialChanges' | 'stepCredentialChange' | 'stepUpgrade'>
  /** null: no logs of charge points are kept. */
  readonly logs: LogArchive | null
  readonly log: Logger
  readonly metrics: Metrics
  readonly note: NoteEvent
  readonly sessions: SessionDirectory
  /** As the last reload left it. */
  readonly config: () => Config
  readonly authorities: Pick<Authorities, 'current' | 'onChange' | 'plugAndCharge'>
  /** Roots of charge point certificates that the listeners of profile 3 trust. */
  readonly trust: () => readonly X509Certificate[]
  /** PEM: the certificates that the listeners show now, each with its chain. */
  readonly serverChains: () => readonly string[]
  /** Of the security log. */
  readonly events: readonly UseCase[]
  /** Where replicas share the store: campaigns are about the charge points of all of them. */
  readonly fleet: Fleet | null
}

/** What of it campaigns need (app/replicas). */
export interface Fleet {
  readonly directory: SessionDirectory
  readonly useCase: UseCase
  operations(local: ChargePointOperations): ChargePointOperations
  transactions(local: TransactionWatch): TransactionWatch
}

export interface UseCases {
  /** In the order in which they see a CALL: who refuses comes before who acts. */
  readonly all: readonly UseCase[]
  readonly changes: ChargePointChanges
  readonly campaigns: CampaignService
  readonly onboarding: OnboardingUseCase
  readonly certificates: CertificateUpdate
  readonly firmware: Firmware
}

/** Wires what the proxy says and changes itself (design, section 10). */
export function createUseCases(deps: UseCaseDeps): UseCases {
  const { store, log, metrics, note, sessions, config, fleet } = deps
  const schemas = createMessageSchemas()
  const now = () => performance.now()
  const mode = () => config().centralSystem.securityMessages
  const settings = () => config().messages
  const busy = transactions({
    maxChargePoints: config().limits.connections,
    // Of time that passes: a clock that is set must not end a wait.
    clock: { ...systemClock(), now },
  })
  const certificates = certificatesOf(deps, schemas)
  const firmware = new Firmware({ store, log, metrics, config })
  const signedFirmware = createSignedFirmware({
    ...{ sessions, schemas, mode, note, log },
    firmware: store.firmware,
    verifier: firmware.verifier,
    settings: () => config().firmware,
    now: Date.now,
  })
  const logs = logsOf(deps, schemas)
  const schemas201 = createMessageSchemas201()
  const plugAndCharge = createPlugAndCharge({
    services: deps.authorities.plugAndCharge,
    signing: createV2gSigning({
      service: () => deps.authorities.plugAndCharge().v2gAuthority,
      ...{ registry: store.registry, renewals: store.renewals, note, log },
      issued: v2gIndex(store.issued),
      overInsecureProfiles: () => settings().overInsecureProfiles,
      clock: systemClock(),
      random: Math.random,
    }),
    schemas201,
    callTimeoutMs: () => config().limits.callTimeout,
    counted: (message, result) => metrics.plugAndCharge.inc({ message, result }),
    log,
  })
  const domains = {
    serverChains: deps.serverChains,
    trustedRoots: () => deps.trust().map((root) => root.toString()),
    vehicleRoots: () => deps.authorities.plugAndCharge().roots,
  }
  const changes = createChargePointChanges({
    registry: store.registry,
    steps: deps.steps,
    roots: store.roots,
    ...domains,
    sessions,
    transactions: busy.watch,
    certificates,
    plugAndCharge,
    signedFirmware,
    logs,
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
    operations: fleet?.operations(changes.operations) ?? changes.operations,
    transactions: fleet?.transactions(busy.watch) ?? busy.watch,
    isConnected: (identity) => isServed((fleet?.directory ?? sessions).get(identity)),
    note,
    log,
    gauge: metrics.campaignChargePoints,
    rootProblem: (kind, root) => campaignRootProblem(kind, root, Date.now(), domains),
    firmwareProblem: (wanted) => campaignFirmwareProblem(store.firmware, wanted),
  })
  const onboarding = onboardingOf(deps, changes.operations, busy.watch)
  const schema = createMessageSchema({ settings, schemas, schemas201, metrics, log, now })
  return {
    all: [
      createGuard({ settings, note, now }),
      createGuard201({ settings, note, now, schemas: schemas201 }),
      // Near the front: of an answer it hears last, and what it hides nobody brings back.
      configurationAnswer(),
      // Before the schemas: what it serves goes nowhere, and it reads what they would refuse.
      plugAndCharge.useCase,
      ...(schema === null ? [] : [schema]),
      ...deps.events,
      ...logs.useCases,
      signedFirmware.useCase,
      certificates.useCase,
      signCertificate201({ schemas: schemas201, chargingStation: certificates, v2g: plugAndCharge.signer }),
      busy.useCase,
      busy.useCase201,
      ...changes.useCases,
      {
        name: 'campaigns',
        protocols,
        watches: [],
        started(session) {
          if (isServed(session)) campaigns.chargePointStarted(session.facts.identity)
        },
      },
      onboarding.useCase,
      ...(fleet === null ? [] : [fleet.useCase]),
    ],
    changes,
    campaigns,
    onboarding,
    certificates,
    firmware,
  }
}

function logsOf({ logs: archive, config, log }: UseCaseDeps, schemas: MessageSchemas): ChargePointLogs {
  return createChargePointLogs({
    ...{ archive, schemas, log },
    uploadUrl: (name) => config().listeners.find((one) => one.name === name)?.logUploadUrl ?? null,
    translates: () => config().chargePointLogs?.translateGetDiagnostics ?? false,
    mode: () => config().centralSystem.securityMessages,
    callTimeoutMs: () => config().limits.callTimeout,
  })
}

function certificatesOf(deps: UseCaseDeps, schemas: MessageSchemas): CertificateUpdate {
  const { store, log, metrics, note, config, authorities, trust } = deps
  const certificates = createCertificateUpdate({
    ...{ store, log, note, schemas, trust },
    // What was accepted in OCPP 1.6 is a promise, whatever a reload has changed since.
    sessions: sessionsWhere(
      deps.sessions,
      (session) => session.facts.protocol === 'ocpp1.6' || certificates.serves(session),
    ),
    messagesOf: (protocol) => (protocol === 'ocpp2.0.1' ? renewalMessages201 : renewalMessages16),
    clock: systemClock(),
    authority: authorities.current,
    settings: () => certificateSettings(config()),
    counted: (result) => metrics.certificateRenewals.inc({ result }),
    authorityTold: (keyType, isUp) => metrics.certificateAuthorityUp.set({ key_type: keyType }, isUp ? 1 : 0),
    random: Math.random,
  })
  authorities.onChange(() => certificates.authoritiesChanged())
  return certificates
}

/** Without the section nothing is issued, and its numbers count for nobody. */
function certificateSettings(config: Config): CertificateSettings {
  const { cpo, messages, centralSystem, centralSystem201, limits, certificateAuthority: section } = config
  return {
    cpoNames: cpo.names,
    overInsecureProfiles: messages.overInsecureProfiles,
    securityMessages: centralSystem.securityMessages,
    certificates201: centralSystem201?.certificates ?? 'pass',
    callTimeoutMs: limits.callTimeout,
    minimumLifetimeMs: section?.minimumLifetime ?? 0,
    giveUpAfterMs: section?.giveUpAfter ?? 0,
    requestsPerHour: section?.requestsPerHour ?? 0,
  }
}

/** Not in onboarding: a campaign waits until the charge point has credentials of the operator. */
function isServed(session: UseCaseSession | null): boolean {
  return session?.isOpen === true && session.facts.stage !== 'onboarding'
}
