import { maxUntold, type SignedStatus } from '../../policy/firmware.ts'
import type { FirmwareUpdate } from '../../store/store.ts'

/** Keeps it for the central system: of too many the oldest go, the last one says how it stands. */
export function withUntold(update: FirmwareUpdate, status: SignedStatus): FirmwareUpdate {
  return { ...update, untold: [...update.untold, status].slice(-maxUntold) }
}
