import type { AnyActionName } from '../../ocpp/actions-201.ts'
import type { Payload } from '../../ocpp/message.ts'
import type { Protocol } from '../../policy/protocol.ts'
import type { CallOutcome } from '../../relay/use-case.ts'
import { type ChangeAnswer, readChangeAnswer } from '../operation/answer.ts'
import { chainSizeOf } from './rules.ts'

export interface CallWords {
  readonly action: AnyActionName
  readonly payload: Payload
}

/** What a renewal says to a charge point beside CertificateSigned, in one version of OCPP. */
export interface RenewalMessages {
  /** The name that has to stand in O of the request (A02.FR.13). */
  setOrganization(name: string): CallWords
  readOrganization(outcome: CallOutcome): ChangeAnswer
  /** How many characters of a chain it takes. */
  readonly askChainSize: CallWords
  /** null: it has not told. Total on whatever a peer sends. */
  readChainSize(answer: Payload): number | null
  /** Answered Accepted, Rejected or NotImplemented; then comes SignCertificate. */
  readonly trigger: CallWords
}

const chainSizeKey = 'CertificateSignedMaxChainSize'

/** OCPP 1.6 with the white paper. */
export const renewalMessages16: RenewalMessages = {
  setOrganization: (value) => ({ action: 'ChangeConfiguration', payload: { key: 'CpoName', value } }),
  readOrganization: readChangeAnswer,
  askChainSize: { action: 'GetConfiguration', payload: { key: [chainSizeKey] } },
  readChainSize({ configurationKey }) {
    if (!Array.isArray(configurationKey)) return null
    const found: unknown = configurationKey.find(
      (one: unknown) => typeof one === 'object' && one !== null && Reflect.get(one, 'key') === chainSizeKey,
    )
    return typeof found === 'object' && found !== null ? chainSizeOf(Reflect.get(found, 'value')) : null
  },
  trigger: {
    action: 'ExtendedTriggerMessage',
    payload: { requestedMessage: 'SignChargePointCertificate' },
  },
}

export type MessagesOf = (protocol: Protocol) => RenewalMessages
