import { isFinalLogStatus, type LogStatus } from '../../policy/charge-point-log.ts'

/** Operations that wait for the last status of a log. Bounded by the operations that run. */
export interface LogWaits {
  /** From now on; `final` is fulfilled with the status that ends it, `close` gives it up. */
  open(identity: string, requestId: number): { readonly final: Promise<LogStatus>; close(): void }
  told(identity: string, requestId: number, status: LogStatus): void
}

export function createLogWaits(): LogWaits {
  const waiting = new Map<string, (status: LogStatus) => void>()
  const keyOf = (identity: string, requestId: number) => `${requestId} ${identity}`
  return {
    open(identity, requestId) {
      const { promise: final, resolve } = Promise.withResolvers<LogStatus>()
      const key = keyOf(identity, requestId)
      waiting.set(key, resolve)
      return { final, close: () => void waiting.delete(key) }
    },
    told(identity, requestId, status) {
      if (isFinalLogStatus(status)) waiting.get(keyOf(identity, requestId))?.(status)
    },
  }
}
