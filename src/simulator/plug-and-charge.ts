import { X509Certificate } from 'node:crypto'
import type { Payload } from '../ocpp/message.ts'
import {
  type PlugAndChargeMessage,
  unwrapAnswer,
  unwrapRequest,
  wrapAnswer,
  wrapRequest,
} from '../ocpp/plug-and-charge.ts'
import { splitPem } from '../pki/certificate.ts'
import { certificateHashData } from '../pki/hash-data.ts'
import type { KeyPair } from '../pki/keys.ts'
import { plugAndChargeRootTypes } from '../policy/root-certificate.ts'
import type { CommandTable } from './commands.ts'
import { makeRequest } from './csr.ts'
import type { Answer, CallOutcome } from './endpoint.ts'
import { createOcspStatuses } from './ocsp-statuses.ts'
import { type RootCommandDeps, rootCommands } from './root-commands.ts'

/** ISO 15118 of a charge point: messages of OCPP 2.0.1, which are inside DataTransfer in OCPP 1.6. */
export interface PlugAndCharge {
  readonly table: CommandTable
  /** PEM of its V2G certificate and those above it; null: it has none. */
  readonly v2gChain: string | null
  /** Its V2G certificate as GetInstalledCertificateIds lists it; empty: it has none. */
  ownChain(): readonly Payload[]
  /** CertificateSigned.conf for its V2G certificate. */
  takeChain(chain: string): Answer
  /** What it has to hand to vehicles about its V2G certificate and those above it (M06); by subject. */
  readonly ocspResults: ReadonlyMap<string, string>
  /** It speaks OCPP 2.0.1, which has these messages itself. */
  readonly isNative: boolean
  /** A message in the form of its version. */
  send(message: PlugAndChargeMessage, data: Payload): Promise<CallOutcome>
  /** The same, and the answer out of its envelope; null: it was not answered with a message. */
  ask(message: PlugAndChargeMessage, data: Payload): Promise<Payload | null>
  /** A new key, and SignCertificate for it. False: it was not accepted. */
  requestV2gCertificate(): Promise<boolean>
}

export interface PlugAndChargeDeps extends RootCommandDeps {
  readonly call: (action: string, payload: Payload) => Promise<CallOutcome>
  /** It speaks OCPP 2.0.1. */
  readonly is201: boolean
  readonly serialNumber: string
  readonly organization: () => string
  readonly inBackground: (work: () => Promise<unknown>) => void
  /** What it answers to a trigger: the same as to that for its TLS certificate. */
  readonly trigger: () => 'Accepted' | 'Rejected' | 'NotImplemented'
}

const installable = ['V2GRootCertificate', 'MORootCertificate'] as const

export function createPlugAndCharge(deps: PlugAndChargeDeps): PlugAndCharge {
  const { store, call, note, acted } = deps
  const roots = rootCommands(deps, installable)
  let requested: KeyPair | null = null
  let chain: readonly X509Certificate[] = []

  const send: PlugAndCharge['send'] = (message, data) =>
    deps.is201 ? call(message, data) : call('DataTransfer', wrapRequest(message, data))

  async function ask(message: PlugAndChargeMessage, data: Payload): Promise<Payload | null> {
    const outcome = await send(message, data)
    if (deps.is201 && outcome.kind === 'result') return outcome.payload
    const answer = outcome.kind === 'result' ? unwrapAnswer(outcome.payload) : null
    if (answer?.ok === true) return answer.data
    note(`${message}: ${answer === null ? outcome.kind : answer.status}`)
    return null
  }
  const statuses = createOcspStatuses({ ask, note })

  async function requestV2gCertificate(): Promise<boolean> {
    const { serialNumber } = deps
    const settings = {
      keyType: 'ec',
      fault: 'good',
      serialNumber,
      organization: deps.organization(),
    } as const
    const { pem, keys } = await makeRequest(settings)
    // Before it is sent: the certificate may be quicker than the answer.
    requested = keys
    const answer = await ask('SignCertificate', { csr: pem, certificateType: 'V2GCertificate' })
    return answer?.status === 'Accepted'
  }

  function signed(text: unknown): Answer {
    const certificates = readChain(text)
    const [leaf] = certificates
    const isOurs = requested !== null && leaf?.publicKey.equals(requested.publicKey) === true
    if (!isOurs) {
      deps.raise('InvalidChargePointCertificate', 'the V2G certificate is not for its key')
      return { kind: 'result', payload: { status: 'Rejected' } }
    }
    chain = certificates
    acted('ReconfigurationOfSecurityParameters', 'V2G certificate')
    const roots = store.certificates('V2GRootCertificate')
    const afterwards = (): void => deps.inBackground(() => statuses.refresh(certificates, roots))
    return { kind: 'result', payload: { status: 'Accepted' }, afterwards }
  }

  /** With its children: the certificates between it and its root. */
  function ownChain(): readonly Payload[] {
    const [leaf, ...above] = chain
    if (leaf === undefined) return []
    const issuers = [...above, ...store.certificates('V2GRootCertificate')]
    const hashesOf = (one: X509Certificate): readonly object[] => {
      const issuer = issuers.find((other) => one.checkIssued(other))
      return issuer === undefined ? [] : [certificateHashData(one, issuer)]
    }
    return hashesOf(leaf).map((certificateHashData) => ({
      certificateType: 'V2GCertificateChain',
      certificateHashData,
      childCertificateHashData: above.flatMap(hashesOf).slice(0, 4),
    }))
  }

  function list(wanted: unknown): Answer {
    const asked = Array.isArray(wanted) ? wanted : typeof wanted === 'string' ? [wanted] : []
    const types = plugAndChargeRootTypes.filter((type) => asked.length === 0 || asked.includes(type))
    const found = types.flatMap((certificateType): readonly Payload[] =>
      certificateType === 'V2GCertificateChain'
        ? ownChain()
        : store.list(certificateType).map((data) => ({ certificateType, certificateHashData: data })),
    )
    if (found.length === 0) return { kind: 'result', payload: { status: 'NotFound' } }
    return { kind: 'result', payload: { status: 'Accepted', certificateHashDataChain: found } }
  }

  /** The note leaves open what is in it, and some central systems put nothing there: it is about this message. */
  function trigger({ requestedMessage = 'SignV2GCertificate' }: Payload): Answer {
    if (requestedMessage !== 'SignV2GCertificate')
      return { kind: 'result', payload: wrapAnswer({ status: 'NotImplemented' }) }
    const status = deps.trigger()
    const payload = wrapAnswer({ status })
    return status === 'Accepted'
      ? { kind: 'result', payload, afterwards: () => deps.inBackground(requestV2gCertificate) }
      : { kind: 'result', payload }
  }

  const table: CommandTable = {
    DataTransfer(payload, target) {
      const wrapped = unwrapRequest(payload)
      if (wrapped === null) return { kind: 'result', payload: { status: 'UnknownVendorId' } }
      const { message, data } = wrapped
      if (data === null) return { kind: 'result', payload: { status: 'Rejected' } }
      switch (message) {
        case 'GetInstalledCertificateIds':
          return wrap(list(data.certificateType))
        case 'InstallCertificate':
        case 'DeleteCertificate': {
          const handler = roots[message]
          return handler === undefined ? unknownMessage : wrap(handler(data, target))
        }
        case 'CertificateSigned':
          return wrap(signed(data.certificateChain))
        case 'TriggerMessage':
          return trigger(data)
        default:
          return unknownMessage
      }
    },
  }
  return {
    table,
    get v2gChain() {
      return chain.length === 0 ? null : chain.map(String).join('')
    },
    ocspResults: statuses.results,
    isNative: deps.is201,
    send,
    ownChain,
    takeChain: signed,
    ask,
    requestV2gCertificate,
  }
}

const unknownMessage: Answer = { kind: 'result', payload: { status: 'UnknownMessageId' } }

/** What is no answer of the message itself, such as a CALLERROR, stays as it is. */
function wrap(answer: Answer): Answer {
  return answer.kind === 'result' ? { ...answer, payload: wrapAnswer(answer.payload) } : answer
}

function readChain(text: unknown): readonly X509Certificate[] {
  try {
    return splitPem(typeof text === 'string' ? text : '').map((pem) => new X509Certificate(pem))
  } catch {
    return []
  }
}
