import type { OnboardingConfig } from '../config/schema.ts'
import { createOnboarding, type OnboardingUseCase } from '../usecases/onboarding/onboarding.ts'
import { systemClock } from '../usecases/operation/clock.ts'
import type { ChargePointOperations } from '../usecases/operation/operation.ts'
import type { TransactionWatch } from '../usecases/transactions/transactions.ts'
import type { UseCaseDeps } from './use-cases.ts'

/** For sessions that outlive the section of the configuration: the gate lets nobody in without it. */
const closing: OnboardingConfig = {
  bootInterval: 30_000,
  timeout: 600_000,
  sessionTimeout: 1_800_000,
  retry: { initial: 60_000, max: 3_600_000 },
  sessions: 0,
  unknownChargePoints: 'refuse',
  expiredCertificates: 'refuse',
}

/** Wires the onboarding (A00.FR.806). */
export function onboardingOf(
  { store, log, metrics, note, sessions, config }: UseCaseDeps,
  operations: ChargePointOperations,
  transactions: TransactionWatch,
): OnboardingUseCase {
  return createOnboarding({
    registry: store.registry,
    sessions,
    operations,
    transactions,
    clock: systemClock(),
    settings: () => config().onboarding ?? closing,
    cpoName: () => config().cpo.names[0] ?? null,
    served: () => new Set(config().listeners.map(({ securityProfile }) => securityProfile)),
    callTimeoutMs: () => config().limits.callTimeout,
    note,
    log,
    sessionsGauge: metrics.onboardingSessions,
    counted: (result) => metrics.onboardings.inc({ result }),
  })
}
