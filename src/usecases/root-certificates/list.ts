import { ownRootTypes } from '../../policy/root-certificate.ts'
import { operate, refusedOver } from '../operation/context.ts'
import type { ChargePointOperations, OperationOutcome } from '../operation/operation.ts'
import { isFailure, listInstalled, type RootOperationDeps } from './steps.ts'

/** M03 by an operator: what the charge point holds, stored as its inventory. */
export function listRootsOperation(deps: RootOperationDeps): ChargePointOperations['listRoots'] {
  return (identity, options) =>
    operate(deps, 'list-roots', identity, options, async (operation): Promise<OperationOutcome> => {
      const refused = refusedOver(deps, 'certificates', operation.session)
      if (refused !== null) return refused
      const types = options.certificateType === undefined ? ownRootTypes : [options.certificateType]
      const counts: string[] = []
      for (const type of types) {
        const roots = await listInstalled(deps, operation, type)
        if (isFailure(roots)) return { ...roots, detail: `${type}: ${roots.detail}` }
        counts.push(`${roots.length} of type ${type}`)
      }
      return { ok: true, detail: `it holds ${counts.join(' and ')}` }
    })
}
