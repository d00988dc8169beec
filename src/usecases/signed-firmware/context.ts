import type { NoteEvent } from '../../events/proxy-event.ts'
import type { Logger } from '../../observe/log.ts'
import type { MessageSchemas } from '../../ocpp/message-schemas.ts'
import type { SessionDirectory } from '../../relay/use-case.ts'
import type { FirmwareStore } from '../../store/store.ts'
import type { SecurityMessagesMode } from '../security-messages/security-messages.ts'
import type { PlainProgress } from './plain-progress.ts'
import type { Updates } from './updates.ts'
import type { FirmwareVerifier } from './verifier.ts'

/** What signed firmware needs (L01). */
export interface SignedFirmwareDeps {
  readonly firmware: FirmwareStore
  readonly verifier: FirmwareVerifier
  readonly sessions: SessionDirectory
  readonly schemas: MessageSchemas
  /** `centralSystem.securityMessages`. */
  readonly mode: SecurityMessagesMode
  readonly settings: () => FirmwareSettings
  readonly note: NoteEvent
  readonly log: Logger
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Of the section `firmware`. */
export interface FirmwareSettings {
  readonly withoutEntry: 'pass' | 'refuse'
  readonly withoutSupport: 'plain' | 'none'
}

export interface SignedFirmwareContext extends SignedFirmwareDeps {
  readonly updates: Updates
  readonly plain: PlainProgress
}
