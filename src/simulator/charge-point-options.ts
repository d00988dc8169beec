import type { Backoff } from './backoff.ts'
import type { ChargePointBehaviour } from './behaviour.ts'
import type { CertificateBehaviour } from './certificate-commands.ts'
import type { ChargePointModel } from './charge-point-messages.ts'
import type { SecuritySettings } from './charge-point-security.ts'
import type { CommandTable } from './commands.ts'
import type { EventListener } from './event.ts'
import type { FirmwareSettings } from './firmware-commands.ts'
import type { LogBehaviour } from './log-commands.ts'
import type { RootBehaviour } from './root-commands.ts'

/** What a simulated charge point is, and how it behaves. */
export interface ChargePointOptions extends SecuritySettings {
  readonly model?: Partial<ChargePointModel>
  readonly idTag?: string
  /** Milliseconds between two pings of the charge point; 0, the default, sends none. */
  readonly pingIntervalMs?: number
  readonly callTimeoutMs?: number
  /** CALLs that may be open at once: 1 by the standard, more to pipeline. */
  readonly maxOutstanding?: number
  readonly maxQueued?: number
  readonly backoff?: Backoff
  /** Looked at before the core commands: for messages that those do not have, or to misbehave. */
  readonly commands?: CommandTable
  /** How it takes new passwords and profiles; obedient by default. */
  readonly behaviour?: Partial<ChargePointBehaviour>
  /** How it takes certificates of its own; obedient by default. */
  readonly certificateBehaviour?: Partial<CertificateBehaviour>
  /** It asks for a new certificate when the present one ends within so many milliseconds (A03); else never. */
  readonly renewBeforeMs?: number
  /** It has ISO 15118: inside DataTransfer in OCPP 1.6. */
  readonly plugAndCharge?: boolean
  /** CpoName as it leaves the factory. */
  readonly cpoName?: string
  /** How it takes messages about root certificates; obedient by default. */
  readonly rootBehaviour?: Partial<RootBehaviour>
  /** How it takes GetLog (N01); obedient by default. */
  readonly logBehaviour?: Partial<LogBehaviour>
  /** Signed updates (L01); left out: it has none. */
  readonly firmware?: FirmwareSettings
  /** Tells of its own acts: StartupOfTheDevice, ResetOrReboot, ReconfigurationOfSecurityParameters. */
  readonly ownEvents?: boolean
  /** Actions of the central system that are asked for at any time; others count as unsolicited. */
  readonly expectedCalls?: readonly string[]
  readonly onEvent?: EventListener
  readonly now?: () => Date
  readonly random?: () => number
}
