import type { Payload } from '../ocpp/message.ts'
import { csmsRootType, type RootCertificateType, rootCertificateTypes } from '../policy/root-certificate.ts'
import type { CommandTable } from './commands.ts'
import { changeCommands, listAnswer, type RootCommandDeps, written } from './root-commands.ts'

const central: RootCertificateType = 'CentralSystemRootCertificate'

/** As OCPP 2.0.1 calls them. */
const typesByName: ReadonlyMap<unknown, RootCertificateType> = new Map(
  rootCertificateTypes.map((type) => [type === central ? csmsRootType : type, type]),
)

/**
 * M03 to M05 of a charging station of OCPP 2.0.1. `ownChain`: its V2G certificate with its children, as
 * GetInstalledCertificateIds lists it (M03.FR.05).
 */
export function stationRootCommands(deps: RootCommandDeps, ownChain: () => readonly Payload[]): CommandTable {
  const installable = (name: unknown) =>
    name === 'V2GCertificateChain' ? null : (typesByName.get(name) ?? null)
  return Object.freeze({
    ...changeCommands(deps, installable),
    GetInstalledCertificateIds: ({ certificateType: wanted }) =>
      listAnswer(deps, (form) => {
        const isWanted = (name: unknown) => !Array.isArray(wanted) || wanted.includes(name)
        const certificateHashDataChain = [...typesByName].flatMap(([certificateType, type]) => {
          if (!isWanted(certificateType)) return []
          if (type === 'V2GCertificateChain') return ownChain()
          return deps.store
            .list(type)
            .map((data) => ({ certificateType, certificateHashData: written(data, form) }))
        })
        return certificateHashDataChain.length === 0 ? null : { certificateHashDataChain }
      }),
  } satisfies CommandTable)
}
