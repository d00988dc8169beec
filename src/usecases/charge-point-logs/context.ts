import type { Logger } from '../../observe/log.ts'
import type { MessageSchemas } from '../../ocpp/message-schemas.ts'
import type { LogArchive } from '../../store/store.ts'
import type { SecurityMessagesMode } from '../security-messages/security-messages.ts'
import type { LogWaits } from './waits.ts'

/** What the parts of N01 need. */
export interface ChargePointLogDeps {
  /** null: no logs are kept (`chargePointLogs` is left out). */
  readonly archive: LogArchive | null
  /** `logUploadUrl` of a listener; null: it has none. */
  readonly uploadUrl: (listener: string) => string | null
  /** `chargePointLogs.translateGetDiagnostics`. */
  readonly translates: () => boolean
  /** `centralSystem.securityMessages`. */
  readonly mode: SecurityMessagesMode
  /** `limits.callTimeout`, in milliseconds. */
  readonly callTimeoutMs: () => number
  readonly schemas: MessageSchemas
  readonly log: Logger
}

export interface ChargePointLogContext extends ChargePointLogDeps {
  readonly waits: LogWaits
  /** Sessions whose central system has asked for the status of its diagnostics, and waits for it. */
  readonly asked: WeakSet<object>
}
