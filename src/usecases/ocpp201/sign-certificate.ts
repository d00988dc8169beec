import type { ActionName201 } from '../../ocpp/actions-201.ts'
import type { Payload } from '../../ocpp/message.ts'
import type { MessageSchemas } from '../../ocpp/message-schemas.ts'
import { type Call, type CallFate, forward, type UseCase, type UseCaseSession } from '../../relay/use-case.ts'
import { refusalOfMalformed201 } from './malformed.ts'

/** Who signs certificates of one type. */
export interface Signer {
  /** false: the central system does it, and the request passes. Asked for every one, so that a reload counts at once. */
  serves(session: UseCaseSession): boolean
  /** Well-formed, and to be served. */
  request(call: Call, session: UseCaseSession): CallFate | Promise<CallFate>
}

export interface SignCertificate201Deps {
  readonly schemas: MessageSchemas<ActionName201>
  /** ChargingStationCertificate, and requests that name no type: those are for both uses, this connection among them. */
  readonly chargingStation: Signer
  /** V2GCertificate: another domain of trust. */
  readonly v2g: Signer
}

/**
 * SignCertificate of OCPP 2.0.1 (A02, A03) has one name for two domains of trust: each type goes to who signs
 * it, and where that is not us, on to the central system as the bytes that came.
 */
export function signCertificate201({ schemas, chargingStation, v2g }: SignCertificate201Deps): UseCase {
  const signerOf = ({ certificateType }: Payload): Signer =>
    certificateType === 'V2GCertificate' ? v2g : chargingStation
  return {
    name: 'sign-certificate-201',
    protocols: ['ocpp2.0.1'],
    watches: [
      {
        direction: 'to-central-system',
        action: 'SignCertificate',
        only: (session) => chargingStation.serves(session) || v2g.serves(session),
      },
    ],
    onCall(call, session) {
      if (call.direction !== 'to-central-system' || call.action !== 'SignCertificate') return forward
      const signer = signerOf(call.payload)
      if (!signer.serves(session)) return forward
      return refusalOfMalformed201(schemas, 'SignCertificate', call) ?? signer.request(call, session)
    },
  }
}
