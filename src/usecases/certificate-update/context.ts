import type { X509Certificate } from 'node:crypto'
import type { NoteEvent } from '../../events/proxy-event.ts'
import type { Logger } from '../../observe/log.ts'
import type { InsecureProfilePolicy } from '../../policy/messages.ts'
import type { SessionDirectory } from '../../relay/use-case.ts'
import type {
  DenyList,
  IssuedCertificates,
  Registry,
  RenewalPatch,
  RenewalRecord,
  Renewals,
} from '../../store/store.ts'
import type { Clock } from '../operation/clock.ts'
import type { Asking } from './asking.ts'
import type { MessagesOf } from './messages.ts'

/** What of the configuration counts here, as the last reload left it. */
export interface CertificateSettings {
  readonly cpoNames: readonly string[]
  readonly overInsecureProfiles: InsecureProfilePolicy
  readonly securityMessages: 'answer' | 'forward'
  /** `centralSystem201.certificates`. */
  readonly certificates201: 'pass' | 'serve'
  /** Milliseconds. */
  readonly callTimeoutMs: number
  readonly minimumLifetimeMs: number
  readonly giveUpAfterMs: number
  readonly requestsPerHour: number
}

/** How renewals end, as a metric label. */
export type RenewalResult = 'rejected' | 'accepted' | 'refused' | 'failed' | 'seen'

/** What every part of this use case needs. */
export interface CertificateUpdateContext {
  readonly renewals: Renewals
  readonly issued: IssuedCertificates
  readonly denied: Pick<DenyList, 'add'>
  readonly registry: Registry
  readonly sessions: SessionDirectory
  readonly clock: Clock
  readonly note: NoteEvent
  readonly log: Logger
  readonly asking: Asking
  readonly settings: () => CertificateSettings
  /** Roots of charge point certificates that the listeners of profile 3 trust, and those of the authority where there is none. */
  readonly trust: () => readonly X509Certificate[]
  readonly counted: (result: RenewalResult) => void
  readonly stopping: AbortSignal
  /** From 0 to 1. */
  readonly random: () => number
  readonly messagesOf: MessagesOf
  /** Who waits for a renewal hears that it went on. */
  readonly changes: RenewalChanges
}

/** What happened to the renewal of a charge point. */
export type RenewalChange =
  /** Its request was answered Accepted. */
  | { readonly kind: 'requested' }
  | { readonly kind: 'rejected'; readonly why: string }
  /** It is in another phase, or was tried. */
  | { readonly kind: 'stepped' }

/** Tells operations that a renewal went on. */
export interface RenewalChanges {
  tell(identity: string, change: RenewalChange): void
  watch(identity: string, listener: (change: RenewalChange) => void): () => void
}

/** Bounded by the operations that run. */
export function createRenewalChanges(): RenewalChanges {
  const listeners = new Map<string, Set<(change: RenewalChange) => void>>()
  return {
    tell(identity, change) {
      for (const listener of listeners.get(identity) ?? []) listener(change)
    },
    watch(identity, listener) {
      const all = listeners.get(identity) ?? new Set()
      listeners.set(identity, all.add(listener))
      return () => {
        all.delete(listener)
        if (all.size === 0) listeners.delete(identity)
      }
    },
  }
}

/** Writes a step down and tells of it; null: another request has taken the place of this one. */
export async function stepRenewal(
  { renewals, clock, changes }: CertificateUpdateContext,
  { identity, startedAt }: RenewalRecord,
  patch: RenewalPatch,
): Promise<RenewalRecord | null> {
  const next = await renewals.step(identity, startedAt, patch, clock.now())
  if (next !== null) changes.tell(identity, { kind: 'stepped' })
  return next
}
