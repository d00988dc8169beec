import type { TestContext } from 'node:test'
import { createLogger } from '../../../src/observe/log.ts'
import type { Payload } from '../../../src/ocpp/message.ts'
import { createMessageSchemas } from '../../../src/ocpp/message-schemas.ts'
import type { CallFate, Direction, UseCaseSession } from '../../../src/relay/use-case.ts'
import type { LogArchive } from '../../../src/store/store.ts'
import { createChargePointLogs } from '../../../src/usecases/charge-point-logs/charge-point-logs.ts'
import { archiveSetting } from '../../store/files/archive.ts'

export interface LogSetting {
  readonly archive: LogArchive
  readonly lines: readonly string[]
  readonly settings: { mode: 'answer' | 'forward'; translates: boolean }
  /** What becomes of a CALL; null: nobody watches it. */
  send(
    session: UseCaseSession,
    direction: Direction,
    action: string,
    payload: Payload,
  ): Promise<CallFate | null>
}

const schemas = createMessageSchemas()

/** The use cases of N01 with a real folder. */
export function logSetting(
  t: Pick<TestContext, 'after'>,
  given: { readonly archive?: null } = {},
): LogSetting {
  const { archive } = archiveSetting(t, { keep: 10 })
  const lines: string[] = []
  const settings: LogSetting['settings'] = { mode: 'answer', translates: true }
  const { useCases } = createChargePointLogs({
    archive: given.archive === null ? null : archive,
    uploadUrl: () => 'https://localhost/logs',
    translates: () => settings.translates,
    mode: () => settings.mode,
    callTimeoutMs: () => 30_000,
    schemas,
    log: createLogger('info', { write: (line) => lines.push(line) }),
  })
  return {
    archive,
    lines,
    settings,
    async send(session, direction, action, payload) {
      for (const useCase of useCases) {
        const watches = useCase.watches.some(
          (one) => one.direction === direction && one.action === action && one.only?.(session) !== false,
        )
        if (watches) return (await useCase.onCall?.({ direction, id: '1', action, payload }, session)) ?? null
      }
      return null
    },
  }
}

export const result = (payload: Payload) => ({ kind: 'answer', answer: { kind: 'result', payload } })
