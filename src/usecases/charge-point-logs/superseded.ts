import { isFinalLogStatus } from '../../policy/charge-point-log.ts'
import type { UseCaseSession } from '../../relay/use-case.ts'
import type { LogRecord } from '../../store/store.ts'
import type { ChargePointLogContext } from './context.ts'

/**
 * The charge point has given up an upload for a newer one (AcceptedCanceled, N01.FR.11): it reports
 * nothing more of it (editions 2 and 3), so that whoever waits is told here.
 */
export async function endSuperseded(
  { archive, waits }: Pick<ChargePointLogContext, 'archive' | 'waits'>,
  newer: LogRecord,
  session: UseCaseSession,
): Promise<void> {
  const { identity } = newer
  for (const record of (await archive?.list(identity)) ?? []) {
    const isOpen = record.answer === 'Accepted' || record.answer === 'AcceptedCanceled'
    if (record.id === newer.id || !isOpen || isFinalLogStatus(record.status)) continue
    await archive?.note(identity, record.requestId, { status: 'AcceptedCanceled' })
    waits.told(identity, record.requestId, 'AcceptedCanceled')
    if (record.origin === 'central-system' && newer.origin !== 'central-system' && session.isOpen) {
      void session.callCentralSystem('DiagnosticsStatusNotification', { status: 'UploadFailed' })
    }
  }
}
