import type { Payload } from '../ocpp/message.ts'
import { stationCommands } from './charging-station-commands.ts'
import type { CommandTable } from './commands.ts'
import type { RootCommandDeps } from './root-commands.ts'
import { stationRootCommands } from './station-roots.ts'

/** What a charging station of OCPP 2.0.1 answers, in this order. `ownChain`: as it lists its V2G certificate. */
export function stationTables(
  roots: RootCommandDeps,
  ownChain: () => readonly Payload[],
  ...own: readonly CommandTable[]
): readonly CommandTable[] {
  return [...own, stationRootCommands(roots, ownChain), stationCommands]
}
