import type { RootStore } from '../../store/store.ts'
import type { OperationDeps } from '../operation/context.ts'
import type { ChargePointOperations } from '../operation/operation.ts'
import { deleteRootOperation } from './delete.ts'
import type { TrustDomains } from './domains.ts'
import { installRootOperation } from './install.ts'
import { createKnownRoots } from './known-roots.ts'
import { listRootsOperation } from './list.ts'
import type { ServerChain } from './served.ts'

/** M03, M04 and M05 on demand. `store` is that of roots. */
export function rootOperations(
  common: OperationDeps,
  store: RootStore,
  settings: {
    readonly serverChains: () => readonly ServerChain[]
  } & TrustDomains,
): Pick<ChargePointOperations, 'listRoots' | 'installRoot' | 'deleteRoot'> {
  const known = createKnownRoots(store, common.clock.now, () => [
    ...settings.trustedRoots(),
    ...settings.serverChains(),
    ...settings.vehicleRoots(),
  ])
  const deps = { ...common, ...settings, roots: store, known }
  return {
    listRoots: listRootsOperation(deps),
    installRoot: installRootOperation(deps),
    deleteRoot: deleteRootOperation(deps),
  }
}
