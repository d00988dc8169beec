import type { Payload } from '../ocpp/message.ts'
import { type CertificateHashData, readHashData } from '../pki/hash-data.ts'
import { ownRootTypes, type RootCertificateType } from '../policy/root-certificate.ts'
import type { CommandTable } from './commands.ts'
import type { Answer } from './endpoint.ts'
import type { RootStore } from './root-store.ts'

/** How a charge point takes InstallCertificate, DeleteCertificate and GetInstalledCertificateIds. */
export const rootFaults = {
  obey: 'As the standard says.',
  refuse: 'Rejected, and an event where it is about an invalid certificate (of a list: NotFound).',
  failed: 'Failed (of a list: a CALLERROR).',
  'not-found': 'NotFound (of an install: Failed).',
  pretend: 'Accepted, and nothing is done (of a list: as the standard says).',
  silent: 'It does as it should, and never answers.',
  error: 'CALLERROR InternalError, and nothing is done.',
} as const
export type RootFault = keyof typeof rootFaults

/** How it writes hash data: all are the same certificate (edition 3, CertificateHashData). */
export const hashForms = ['lower', 'upper', 'leading-zeros'] as const
export type HashForm = (typeof hashForms)[number]

export interface RootBehaviour {
  readonly install: RootFault
  readonly remove: RootFault
  readonly list: RootFault
  readonly form: HashForm
}

export const obedientRoots: RootBehaviour = { install: 'obey', remove: 'obey', list: 'obey', form: 'lower' }

export interface RootCommandDeps {
  readonly store: RootStore
  readonly behaviour: () => RootBehaviour
  readonly raise: (event: string, techInfo: string) => void
  readonly acted: (event: string, techInfo: string) => void
  readonly note: (detail: string) => void
}

/** M03 to M05 of the charge point, as a table of commands. */
export function rootCommands(
  deps: RootCommandDeps,
  types: readonly RootCertificateType[] = ownRootTypes,
): CommandTable {
  const typeOf = (name: unknown) => types.find((type) => type === name) ?? null
  return Object.freeze({
    ...changeCommands(deps, typeOf),
    GetInstalledCertificateIds: ({ certificateType }) => {
      const type = typeOf(certificateType)
      if (type === null) return malformed('certificateType')
      return listAnswer(deps, (form) => {
        const certificateHashData = deps.store.list(type).map((data) => written(data, form))
        // M03.FR.02: an empty list is no list.
        return certificateHashData.length === 0 ? null : { certificateHashData }
      })
    },
  } satisfies CommandTable)
}

/** M04 and M05; `typeOf`: null for what can be no root here. */
export function changeCommands(
  deps: RootCommandDeps,
  typeOf: (name: unknown) => RootCertificateType | null,
): CommandTable {
  return {
    InstallCertificate: ({ certificateType, certificate }) => {
      const type = typeOf(certificateType)
      if (type === null) return malformed('certificateType')
      if (typeof certificate !== 'string') return malformed('certificate')
      return install(deps, type, certificate)
    },
    DeleteCertificate: ({ certificateHashData }) => {
      const hashData = readHashData(certificateHashData)
      return hashData === null ? malformed('certificateHashData') : remove(deps, hashData)
    },
  }
}

/** GetInstalledCertificateIds.conf; `found`: null for nothing (M03.FR.02). */
export function listAnswer(
  { behaviour }: RootCommandDeps,
  found: (form: HashForm) => Payload | null,
): Answer {
  const { list: fault, form } = behaviour()
  switch (fault) {
    case 'refuse':
    case 'not-found':
      return status('NotFound')
    case 'failed':
    case 'error':
      return internalError
    case 'silent':
      return { kind: 'none' }
    case 'obey':
    case 'pretend': {
      const list = found(form)
      return list === null ? status('NotFound') : { kind: 'result', payload: { status: 'Accepted', ...list } }
    }
    default:
      return fault satisfies never
  }
}

function install(deps: RootCommandDeps, type: RootCertificateType, pem: string): Answer {
  const fault = deps.behaviour().install
  switch (fault) {
    case 'refuse':
      return refuse(deps, type, 'it is told to refuse it')
    case 'failed':
    case 'not-found':
      return status('Failed')
    case 'pretend':
      return status('Accepted')
    case 'error':
      return internalError
    case 'obey':
    case 'silent': {
      const verdict = deps.store.install(type, pem)
      if (verdict.status === 'Accepted')
        deps.acted('ReconfigurationOfSecurityParameters', `${type} installed`)
      if (fault === 'silent') return { kind: 'none' }
      if (verdict.status === 'Accepted') return status('Accepted')
      deps.note(`InstallCertificate refused: ${verdict.why}`)
      return verdict.isInvalid ? refuse(deps, type, verdict.why) : status('Rejected')
    }
    default:
      return fault satisfies never
  }
}

/** M05.FR.07, and the event that the OCTT looks for (TC_078). */
function refuse({ raise }: RootCommandDeps, type: RootCertificateType, why: string): Answer {
  const afterwards = (): void => {
    if (type === 'CentralSystemRootCertificate') raise('InvalidCentralSystemCertificate', why)
  }
  return { kind: 'result', payload: { status: 'Rejected' }, afterwards }
}

function remove(deps: RootCommandDeps, hashData: CertificateHashData): Answer {
  const fault = deps.behaviour().remove
  switch (fault) {
    case 'refuse':
    case 'failed':
      return status('Failed')
    case 'not-found':
      return status('NotFound')
    case 'pretend':
      return status('Accepted')
    case 'error':
      return internalError
    case 'obey':
    case 'silent': {
      // M04.FR.06: its own certificate is none of the roots, so that it is never found here.
      const found = deps.store.remove(hashData)
      if (found === 'Accepted') deps.acted('ReconfigurationOfSecurityParameters', 'root certificate deleted')
      return fault === 'silent' ? { kind: 'none' } : status(found)
    }
    default:
      return fault satisfies never
  }
}

/** Hash data in one of the forms that all mean the same. */
export function written(data: CertificateHashData, form: HashForm): CertificateHashData {
  const { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber } = data
  switch (form) {
    case 'lower':
      return data
    case 'upper':
      return {
        hashAlgorithm,
        issuerNameHash: issuerNameHash.toUpperCase(),
        issuerKeyHash: issuerKeyHash.toUpperCase(),
        serialNumber: serialNumber.toUpperCase(),
      }
    case 'leading-zeros':
      return { ...data, serialNumber: serialNumber.padStart(40, '0') }
    default:
      return form satisfies never
  }
}

const internalError: Answer = { kind: 'error', code: 'InternalError', description: 'the charge point failed' }

function malformed(what: string): Answer {
  return { kind: 'error', code: 'PropertyConstraintViolation', description: `${what} cannot be used` }
}

function status(value: string): Answer {
  return { kind: 'result', payload: { status: value } }
}
