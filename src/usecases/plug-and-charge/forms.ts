import type { Payload } from '../../ocpp/message.ts'
import { type PlugAndChargeMessage, unwrapRequest, wrapAnswer } from '../../ocpp/plug-and-charge.ts'
import type { Protocol } from '../../policy/protocol.ts'
import type { Call, CallOptions, CallOutcome, UseCaseSession } from '../../relay/use-case.ts'
import { callWrapped } from './unwrap.ts'

/** What a charge point asks about ISO 15118. The rest of the messages comes from the central system. */
export const askedMessages = [
  'Authorize',
  'Get15118EVCertificate',
  'GetCertificateStatus',
  'SignCertificate',
] as const satisfies readonly PlugAndChargeMessage[]
export type AskedMessage = (typeof askedMessages)[number]

export interface Asked {
  readonly message: AskedMessage
  readonly data: Payload
}

/** How a version of OCPP carries the messages of ISO 15118: the payloads are the same in both. */
export interface Form {
  /** null: the CALL is none of them. */
  read(call: Call): Asked | null
  answer(payload: Payload): Payload
  /** TriggerMessage for a SignCertificate; never rejected. */
  trigger(session: UseCaseSession, options: CallOptions): Promise<CallOutcome>
  /** CertificateSigned, behind a SignCertificate; never rejected. */
  signed(session: UseCaseSession, certificateChain: string, options: CallOptions): Promise<CallOutcome>
}

/** MessageTriggerEnumType of OCPP 2.0.1; the application note takes it over. */
export const v2gTrigger = { requestedMessage: 'SignV2GCertificate' } as const

/** OCPP 1.6: inside DataTransfer (application note Plug & Charge, version 1.0). */
const inDataTransfer: Form = {
  read({ action, payload }) {
    const wrapped = action === 'DataTransfer' ? unwrapRequest(payload) : null
    const message = askedMessages.find((one) => one === wrapped?.message)
    // Data that cannot be read are an empty message: the answer says what is missing.
    return message === undefined ? null : { message, data: wrapped?.data ?? {} }
  },
  answer: wrapAnswer,
  trigger: (session, options) => callWrapped(session, 'TriggerMessage', v2gTrigger, options),
  signed: (session, certificateChain, options) =>
    callWrapped(session, 'CertificateSigned', { certificateChain }, options),
}

/** What OCPP 2.0.1 has for ISO 15118 alone. SignCertificate is for both domains of trust: ocpp201/sign-certificate. */
export const nativeMessages = askedMessages.filter((one) => one !== 'SignCertificate')

/** OCPP 2.0.1: messages of its own. */
const native: Form = {
  read({ action, payload }) {
    const message = nativeMessages.find((one) => one === action)
    return message === undefined ? null : { message, data: payload }
  },
  answer: (payload) => payload,
  trigger: (session, options) => session.callChargePoint('TriggerMessage', v2gTrigger, options),
  signed: (session, certificateChain, options) =>
    session.callChargePoint(
      'CertificateSigned',
      { certificateChain, certificateType: 'V2GCertificate' },
      options,
    ),
}

export const forms = { 'ocpp1.6': inDataTransfer, 'ocpp2.0.1': native } as const satisfies Record<
  Protocol,
  Form
>
