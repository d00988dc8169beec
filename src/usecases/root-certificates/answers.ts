import { readHashData } from '../../pki/hash-data.ts'
import { maxChildren, maxRootsPerType, type RootHashData } from '../../policy/root-certificate.ts'
import type { CallOutcome } from '../../relay/use-case.ts'
import { refusingCode } from '../operation/answer.ts'
import type { OperationFailure } from '../operation/operation.ts'

/** The answers to M03, M04 and M05, read and judged. Pure, and total on whatever a peer sends. */

/** A certificate as it was reported, word for word. */
export interface ReportedRoot {
  readonly hashData: RootHashData
  readonly children: readonly RootHashData[]
}

/** Nothing came of it. `detail` never repeats what a peer chose. */
export interface Unanswered {
  readonly kind: 'failed'
  readonly code: Extract<OperationFailure, 'not_supported' | 'error_answer' | 'not_sent' | 'no_answer'>
  readonly detail: string
}

export type InstalledAnswer =
  | { readonly kind: 'installed'; readonly roots: readonly ReportedRoot[] }
  | Unanswered

/** GetInstalledCertificateIds.conf (M03.FR.02, M03.FR.03). Left out is what says that it is of another type than `wanted`. */
export function readInstalled(outcome: CallOutcome, wanted: string | null = null): InstalledAnswer {
  if (outcome.kind !== 'result') return unanswered(outcome)
  const { status, certificateHashData, certificateHashDataChain } = outcome.payload
  if (status === 'NotFound') return { kind: 'installed', roots: [] }
  if (status !== 'Accepted') return unreadable('it has no status of GetInstalledCertificateIds')
  // OCPP 2.0.1 puts each with its children; some charge points speak it here, too (M03.FR.05).
  const list = certificateHashData ?? certificateHashDataChain ?? []
  if (!Array.isArray(list)) return unreadable('certificateHashData is no list')
  if (list.length > maxRootsPerType) {
    return unreadable(`it lists ${list.length} certificates, and ${maxRootsPerType} are the limit`)
  }
  const roots: ReportedRoot[] = []
  for (const [index, entry] of list.entries()) {
    if (wanted !== null && isOfAnother(entry, wanted)) continue
    const root = readEntry(entry)
    if (root === null)
      return unreadable(`certificate ${index + 1} of its list has no hash data that can be read`)
    roots.push(root)
  }
  return { kind: 'installed', roots }
}

function isOfAnother(entry: unknown, wanted: string): boolean {
  if (typeof entry !== 'object' || entry === null) return false
  const type: unknown = Reflect.get(entry, 'certificateType')
  return typeof type === 'string' && type !== wanted
}

function readEntry(entry: unknown): ReportedRoot | null {
  if (typeof entry !== 'object' || entry === null) return null
  const nested: unknown = Reflect.get(entry, 'certificateHashData')
  const hashData = readHashData(nested ?? entry)
  if (hashData === null) return null
  const below: unknown = Reflect.get(entry, 'childCertificateHashData') ?? []
  if (!Array.isArray(below) || below.length > maxChildren) return null
  const children: RootHashData[] = []
  for (const one of below) {
    const child = readHashData(one)
    if (child === null) return null
    children.push(child)
  }
  return { hashData, children }
}

export type ChangeRootAnswer =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'rejected' | 'failed-there' | 'not-found' }
  /** It may have done it, or not; it was heard of. */
  | { readonly kind: 'unknown'; readonly detail: string }
  | Unanswered

/** InstallCertificate.conf and DeleteCertificate.conf. M04.FR.02 of edition 2 says Success where its schema has Accepted. */
export function readChange(outcome: CallOutcome): ChangeRootAnswer {
  if (outcome.kind === 'error' && (outcome.origin === 'proxy' || refusingCode(outcome.code) === null)) {
    return { kind: 'unknown', detail: 'it answered with an error that does not say that nothing was done' }
  }
  if (outcome.kind !== 'result') return unanswered(outcome)
  switch (outcome.payload['status']) {
    case 'Accepted':
    case 'Success':
      return { kind: 'accepted' }
    case 'Rejected':
      return { kind: 'rejected' }
    case 'Failed':
      return { kind: 'failed-there' }
    case 'NotFound':
      return { kind: 'not-found' }
    default:
      return { kind: 'unknown', detail: 'its answer has no status that the message knows' }
  }
}

/** Neither a result nor anything that was done. */
export function unanswered(outcome: Exclude<CallOutcome, { readonly kind: 'result' }>): Unanswered {
  switch (outcome.kind) {
    case 'error': {
      const code = outcome.origin === 'proxy' ? null : refusingCode(outcome.code)
      if (code === 'NotImplemented' || code === 'NotSupported') {
        return { kind: 'failed', code: 'not_supported', detail: `it answered with a CALLERROR (${code})` }
      }
      const which = code === null ? '' : ` (${code})`
      return { kind: 'failed', code: 'error_answer', detail: `it answered with a CALLERROR${which}` }
    }
    case 'not-sent':
      return { kind: 'failed', code: 'not_sent', detail: outcome.detail }
    case 'no-answer':
      return { kind: 'failed', code: 'no_answer', detail: outcome.detail }
    default:
      return outcome satisfies never
  }
}

function unreadable(why: string): Unanswered {
  return { kind: 'failed', code: 'error_answer', detail: `its answer cannot be used: ${why}` }
}
