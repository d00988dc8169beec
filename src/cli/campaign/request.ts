import { campaignKindNames } from '../../admin/campaign-view.ts'
import type { CampaignRequest, CampaignSelection, Share } from '../../campaigns/campaigns.ts'
import { readFileBounded } from '../../config/read.ts'
import { parseDuration } from '../../config/values.ts'
import { messageOf } from '../../policy/error.ts'
import { identityProblem } from '../../policy/identity.ts'
import { certificateOf, hashDataOf, typeOf } from '../certificates/root-options.ts'
import { requireProfile } from '../charge-points/options.ts'
import { usageError } from '../store-command.ts'
import { withinDays } from '../within.ts'
import { type TaskOptions, taskOf } from './task-options.ts'

/** The options of `campaign create`, and the request that they mean. */
export interface CreateOptions extends TaskOptions {
  readonly to?: string
  readonly all?: true
  readonly identity?: readonly string[]
  readonly identities?: string
  readonly profile?: string
  readonly neverRotated?: true
  readonly expiring?: string
  readonly canary?: string
  readonly pace?: string
  readonly concurrency?: string
  readonly anyTime?: true
  readonly attempts?: string
  readonly retryAfter?: string
  readonly timeout?: string
  readonly maxFailures?: string
  readonly reset?: true
  readonly newPasswords?: true
  readonly setCpoName?: true
  readonly reconnect?: true
  readonly type?: string
  readonly certificate?: string
  readonly oldRoot?: string
  readonly hash?: string
}

const maxFileBytes = 32 * 1024 * 1024

/** Throws a usage error. Whether the numbers make sense is for the proxy to say: it knows the selection. */
export function requestOf(kind: string, options: CreateOptions): CampaignRequest {
  const known = campaignKindNames.find((name) => name === kind)
  if (known === undefined) {
    throw usageError(`${kind} is no campaign; known are ${campaignKindNames.join(', ')}`)
  }
  return {
    kind: known,
    selection: selectionOf(options),
    settings: settingsOf(options),
    ...(options.to === undefined ? {} : { toProfile: targetOf(options.to) }),
    ...rootOf(options),
    ...taskOf(options),
  }
}

/** Of install-root and delete-root. */
function rootOf({ type, certificate, oldRoot, hash }: CreateOptions): Pick<CampaignRequest, 'root'> {
  if ([type, certificate, oldRoot, hash].every((one) => one === undefined)) return {}
  return {
    root: {
      certificateType: typeOf(type),
      ...(certificate === undefined ? {} : { certificate: certificateOf(certificate, '--certificate') }),
      ...(oldRoot === undefined ? {} : { oldRoot: certificateOf(oldRoot, '--old-root') }),
      ...(hash === undefined ? {} : { hashData: hashDataOf(hash) }),
    },
  }
}

function targetOf(text: string): 1 | 2 | 3 {
  const profile = requireProfile(text, '--to')
  if (profile === 0) throw usageError('--to must be 1, 2 or 3')
  return profile
}

function selectionOf(options: CreateOptions): CampaignSelection {
  const { all, identity, identities, profile, neverRotated, expiring } = options
  const named = [...(identity ?? []), ...(identities === undefined ? [] : identitiesOf(identities))]
  const isNamed = identity !== undefined || identities !== undefined
  const isFiltered = profile !== undefined || neverRotated === true || expiring !== undefined
  if (all !== true && !isNamed && !isFiltered) {
    throw usageError('say which: --all, --identity, --identities, --profile, --never-rotated or --expiring')
  }
  return {
    ...(all === undefined ? {} : { all }),
    ...(isNamed ? { identities: named } : {}),
    ...(profile === undefined ? {} : { securityProfile: requireProfile(profile, '--profile') }),
    ...(neverRotated === undefined ? {} : { neverRotated }),
    ...(expiring === undefined ? {} : { certificateEndsWithinDays: withinDays(expiring, '--expiring') }),
  }
}

/** One identity a line; empty lines and those that begin with # are left out. */
function identitiesOf(file: string): readonly string[] {
  let text: string
  try {
    text = readFileBounded(file, maxFileBytes).toString()
  } catch (error) {
    throw usageError(`--identities ${file}: ${messageOf(error)}`)
  }
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const identities: string[] = []
  for (const [index, line] of lines.entries()) {
    const identity = line.trim()
    if (identity === '' || identity.startsWith('#')) continue
    const problem = identityProblem(identity)
    if (problem !== null) throw usageError(`--identities ${file}, line ${index + 1}: ${problem}`)
    identities.push(identity)
  }
  if (identities.length === 0) throw usageError(`--identities ${file} names nobody`)
  return identities
}

function settingsOf(options: CreateOptions): NonNullable<CampaignRequest['settings']> {
  const { canary, pace, concurrency, anyTime, attempts, retryAfter, timeout, maxFailures } = options
  const { reset, newPasswords, setCpoName, reconnect } = options
  return {
    ...(canary === undefined ? {} : { canary: shareOf(canary, '--canary') }),
    ...(pace === undefined ? {} : { perMinute: numberOf(pace, '--pace') }),
    ...(concurrency === undefined ? {} : { concurrency: numberOf(concurrency, '--concurrency') }),
    ...(anyTime === undefined ? {} : { onlyIdle: false }),
    ...(attempts === undefined ? {} : { attempts: numberOf(attempts, '--attempts') }),
    ...(retryAfter === undefined ? {} : { retryAfterMs: durationOf(retryAfter, '--retry-after') }),
    ...(timeout === undefined ? {} : { timeoutMs: durationOf(timeout, '--timeout') }),
    ...(maxFailures === undefined ? {} : { maxFailures: shareOf(maxFailures, '--max-failures') }),
    ...(reset === undefined ? {} : { reset }),
    ...(newPasswords === undefined ? {} : { newPasswords }),
    ...(setCpoName === undefined ? {} : { setCpoName }),
    ...(reconnect === undefined ? {} : { reconnect }),
  }
}

function shareOf(text: string, option: string): Share {
  const [, digits, percent] = /^(\d{1,9}(?:\.\d{1,3})?)(%)?$/.exec(text) ?? []
  if (digits !== undefined && percent !== undefined) return `${Number(digits)}%`
  if (digits !== undefined && !digits.includes('.')) return Number(digits)
  throw usageError(`${option} must be a number, or a share such as 5%`)
}

function numberOf(text: string, option: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw usageError(`${option} must be a whole number`)
}

function durationOf(text: string, option: string): number {
  const ms = parseDuration(text)
  if (ms === null) throw usageError(`${option} must be a duration like 30s, 5m or 1h`)
  return ms
}
