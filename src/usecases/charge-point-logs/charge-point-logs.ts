import type { UseCase } from '../../relay/use-case.ts'
import type { OperationDeps } from '../operation/context.ts'
import type { ChargePointOperations } from '../operation/operation.ts'
import type { ChargePointLogContext, ChargePointLogDeps } from './context.ts'
import { diagnosticsTranslation } from './diagnostics.ts'
import { getLogOperation } from './operation.ts'
import { logStatuses } from './statuses.ts'
import { createLogWaits } from './waits.ts'

/** Logs of charge points (N01): on demand, translated from GetDiagnostics, and what is reported of them. */
export interface ChargePointLogs {
  readonly useCases: readonly UseCase[]
  operation(common: OperationDeps): ChargePointOperations['getLog']
}

export function createChargePointLogs(deps: ChargePointLogDeps): ChargePointLogs {
  const context: ChargePointLogContext = { ...deps, waits: createLogWaits(), asked: new WeakSet() }
  return {
    useCases: [logStatuses(context), diagnosticsTranslation(context)],
    operation: (common) => getLogOperation({ ...common, ...context }),
  }
}
