import type { Config } from '../../config/schema.ts'
import type { NoteEvent } from '../../events/proxy-event.ts'
import type { Logger } from '../../observe/log.ts'
import type { SecurityProfile } from '../../policy/facts.ts'
import { type Protocol, protocols } from '../../policy/protocol.ts'
import type { SessionDirectory, UseCase, UseCaseSession } from '../../relay/use-case.ts'
import type { CredentialHash, Registry, RootStore } from '../../store/store.ts'
import type { CertificateUpdate } from '../certificate-update/certificate-update.ts'
import type { ChargePointLogs } from '../charge-point-logs/charge-point-logs.ts'
import { networkProfiles } from '../ocpp201/network-profile.ts'
import { basicAuthPassword } from '../ocpp201/password.ts'
import { createPasswordChanges } from '../password-update/changes.ts'
import { createPasswordFlights } from '../password-update/flights.ts'
import { type PasswordRotationDeps, passwordRotation, rotateWithin } from '../password-update/operation.ts'
import { passwordUpdate } from '../password-update/password-update.ts'
import type { PlugAndCharge } from '../plug-and-charge/plug-and-charge.ts'
import { profileUpgradeOperation } from '../profile-upgrade/operation.ts'
import { createPendingUpgrades } from '../profile-upgrade/pending.ts'
import { type ProfileUpgradeDeps, profileUpgrade } from '../profile-upgrade/profile-upgrade.ts'
import { rootOperations } from '../root-certificates/operations.ts'
import type { SignedFirmware } from '../signed-firmware/signed-firmware.ts'
import type { TransactionWatch } from '../transactions/transactions.ts'
import { createArrivals } from './arrivals.ts'
import type { Clock } from './clock.ts'
import type { OperationDeps } from './context.ts'
import type { ChargePointOperations } from './operation.ts'
import { createOperationTurns } from './turns.ts'

export type OperationsConfig = Pick<
  Config,
  | 'edition'
  | 'listeners'
  | 'centralSystem'
  | 'centralSystem201'
  | 'limits'
  | 'messages'
  | 'passwords'
  | 'profileUpgrade'
  | 'store'
>

export interface ChargePointChangesDeps {
  readonly registry: Registry
  /** The same for steps that are held to their change, and not to who has the session. */
  readonly steps: Pick<Registry, 'listCredentialChanges' | 'stepCredentialChange' | 'stepUpgrade'>
  readonly roots: RootStore
  /** PEM: the certificates that the listeners show now, each with its chain. */
  readonly serverChains: () => readonly string[]
  /** PEM: the authorities that the listeners trust now. */
  readonly trustedRoots: () => readonly string[]
  /** PEM of the authorities of ISO 15118. */
  readonly vehicleRoots: () => readonly string[]
  readonly sessions: SessionDirectory
  readonly transactions: TransactionWatch
  readonly certificates: Pick<CertificateUpdate, 'operation'>
  readonly plugAndCharge: Pick<PlugAndCharge, 'renewal'>
  readonly signedFirmware: Pick<SignedFirmware, 'operation'>
  readonly logs: Pick<ChargePointLogs, 'operation'>
  readonly clock: Clock
  readonly note: NoteEvent
  readonly log: Logger
  /** As the last reload left it. */
  readonly config: () => OperationsConfig
  /** gate/credentials/hash.ts: `hashKey` and `matches`. */
  readonly hashKey: (key: Buffer, isText: boolean) => Promise<CredentialHash>
  readonly matches: (credential: CredentialHash, key: Buffer) => Promise<boolean>
  /** store/seal.ts. */
  readonly seal: (sealingKey: Buffer, identity: string, secret: Buffer) => string
  /** `crypto.randomBytes`. */
  readonly randomBytes: (length: number) => Buffer
  readonly fallbackPatienceMs?: number
}

/** Changes of passwords (A01) and profiles (A05): on demand, and seen passing; roots (M03 to M05): on demand. */
export interface ChargePointChanges {
  readonly operations: ChargePointOperations
  /** For the relay, in this order, after the guard. */
  readonly useCases: readonly UseCase[]
  /** Ends changes of passwords whose grace is over: at start, and about once a minute. Never rejected. */
  settle(): Promise<void>
  /** The charge point has come back to another replica: whoever waits for it here hears of that. */
  arrived(session: UseCaseSession): void
  /** Ends the operations that wait; what is under way stays as it is stored. */
  stop(): void
}

/** A01.FR.07: the longest key that the standard allows. */
const keyBytes = 20

export function createChargePointChanges(deps: ChargePointChangesDeps): ChargePointChanges {
  const { registry, steps, sessions, transactions, clock, note, log, config, randomBytes } = deps
  const stopping = new AbortController()
  const arrivals = createArrivals(clock)
  const turns = createOperationTurns()
  const flights = createPasswordFlights()
  const pending = createPendingUpgrades({
    registry,
    steps,
    turns,
    note,
    log,
    now: clock.now,
    openForMs: () => config().profileUpgrade.openFor,
  })
  const changes = createPasswordChanges({
    registry,
    steps,
    sessions,
    hashKey: deps.hashKey,
    matches: deps.matches,
    sealUpstream: (protocol) => sealerOf(config(), protocol, deps.seal),
    note,
    log,
    now: clock.now,
    graces: () => config().passwords,
  })
  const common: OperationDeps = {
    registry,
    sessions,
    arrivals,
    turns,
    transactions,
    clock,
    note,
    log,
    callTimeoutMs: () => config().limits.callTimeout,
    overInsecureProfiles: () => config().messages.overInsecureProfiles,
    stopping: stopping.signal,
  }
  const served = (protocol: Protocol) => {
    const serving = config().listeners.filter(({ protocols }) => protocols.includes(protocol))
    return new Set<SecurityProfile>(serving.map(({ securityProfile }) => securityProfile))
  }
  const network = networkProfiles()
  const fallback =
    deps.fallbackPatienceMs === undefined ? {} : { fallbackPatienceMs: deps.fallbackPatienceMs }
  const rotation: PasswordRotationDeps = {
    ...common,
    changes,
    flights,
    randomKey: () => randomBytes(keyBytes),
    upstreamChecksPassword: (protocol) => authorizationOf(config(), protocol) === 'forward',
  }
  const update = { registry, changes, flights, note, log, now: clock.now }
  const upgrade: ProfileUpgradeDeps = {
    registry,
    pending,
    turns,
    note,
    log,
    now: clock.now,
    served,
    mayLower: () => config().edition === 4 && config().profileUpgrade.allowSecurityProfileDowngrade,
  }
  return {
    operations: {
      rotatePassword: passwordRotation(rotation),
      upgradeProfile: profileUpgradeOperation({
        ...common,
        pending,
        served,
        networkProfile: (to) => networkProfileOf(config(), to),
        taken: (call, identity) => network.taken?.(call, identity),
        ...fallback,
        rotate: (operation, options) => rotateWithin(rotation, operation, options),
        roots: deps.roots,
      }),
      ...rootOperations(common, deps.roots, {
        serverChains: deps.serverChains,
        trustedRoots: deps.trustedRoots,
        vehicleRoots: deps.vehicleRoots,
      }),
      renewCertificate: deps.certificates.operation(common),
      renewV2gCertificate: deps.plugAndCharge.renewal(common),
      updateFirmware: deps.signedFirmware.operation(common),
      getLog: deps.logs.operation(common),
    },
    useCases: [
      passwordUpdate(update),
      passwordUpdate(update, basicAuthPassword),
      profileUpgrade(upgrade),
      profileUpgrade(upgrade, network),
      // Last: whoever waits for a charge point finds what the others made of its coming.
      { name: 'operations', protocols, watches: [], started: (session) => arrivals.arrived(session) },
    ],
    arrived: (session) => arrivals.arrived(session),
    settle: () => changes.settle(),
    stop: () => stopping.abort(),
  }
}

function networkProfileOf({ profileUpgrade }: OperationsConfig, to: SecurityProfile) {
  return profileUpgrade.networkProfiles.find(({ securityProfile }) => securityProfile === to) ?? null
}

/** What the central system for this version is shown; undefined: there is none. */
function authorizationOf({ centralSystem, centralSystem201 }: OperationsConfig, protocol: Protocol) {
  return (protocol === 'ocpp2.0.1' ? centralSystem201 : centralSystem)?.authorization
}

function sealerOf(config: OperationsConfig, protocol: Protocol, seal: ChargePointChangesDeps['seal']) {
  const { sealingKey } = config.store
  if (authorizationOf(config, protocol) !== 'perChargePoint' || sealingKey === null) return null
  return (identity: string, key: Buffer) => seal(sealingKey, identity, key)
}
