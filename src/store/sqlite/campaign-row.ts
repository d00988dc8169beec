import type { SQLInputValue } from 'node:sqlite'
import { ProxyError } from '../../policy/error.ts'
import { cutText } from '../../policy/security-event-types.ts'
import { parseCampaignSettings } from '../campaign-settings.ts'
import type {
  CampaignItem,
  CampaignItemState,
  CampaignRecord,
  CampaignSettings,
  CampaignState,
} from '../store.ts'
import { integer, integerOrNull, oneOf, parseJson, type Row, text, textOrNull } from './rows.ts'

/** Between campaigns, their items, and their rows. */

const kinds: readonly CampaignRecord['kind'][] = [
  'rotate-passwords',
  'upgrade-profile',
  'install-root',
  'delete-root',
  'renew-certificates',
  'update-firmware',
  'get-log',
]
const states: readonly CampaignState[] = ['running', 'paused', 'stopped', 'finished']
const profiles = [0, 1, 2, 3] as const
export const itemStates: readonly CampaignItemState[] = ['waiting', 'running', 'done', 'failed', 'skipped']

/** In UTF-16 units: a detail may quote what a charge point answered. */
const maxDetail = 1000
const maxCode = 100

/** Throws ProxyError `store_corrupt`: a campaign that cannot be read whole must not go on. */
export function toCampaign(row: Row): CampaignRecord {
  return {
    id: text(row, 'id'),
    kind: oneOf(kinds, text(row, 'kind'), 'kind') ?? corrupt('kind'),
    toProfile: oneOf(profiles, integerOrNull(row, 'to_profile'), 'to_profile'),
    settings: toSettings(row),
    state: oneOf(states, text(row, 'state'), 'state') ?? corrupt('state'),
    stateDetail: textOrNull(row, 'state_detail'),
    createdAt: integer(row, 'created_at'),
    updatedAt: integer(row, 'updated_at'),
    finishedAt: integerOrNull(row, 'finished_at'),
  }
}

export function campaignValues(campaign: CampaignRecord): Record<string, SQLInputValue> {
  const { id, kind, toProfile, settings, state, stateDetail, createdAt, updatedAt, finishedAt } = campaign
  return {
    id,
    kind,
    toProfile,
    settings: JSON.stringify(settings),
    state,
    stateDetail: cutDetail(stateDetail),
    createdAt,
    updatedAt,
    finishedAt,
  }
}

/** Throws ProxyError `store_corrupt`. */
export function toItem(row: Row): CampaignItem {
  return {
    identity: text(row, 'identity'),
    position: integer(row, 'position'),
    state: toItemState(row),
    attempts: integer(row, 'attempts'),
    detail: textOrNull(row, 'detail'),
    code: textOrNull(row, 'code'),
    notBefore: integerOrNull(row, 'not_before'),
    startedAt: integerOrNull(row, 'started_at'),
    finishedAt: integerOrNull(row, 'finished_at'),
  }
}

export function itemValues(item: CampaignItem): Record<string, SQLInputValue> {
  const { identity, state, attempts, detail, code, notBefore, startedAt, finishedAt } = item
  return {
    identity,
    state,
    attempts,
    detail: cutDetail(detail),
    code: code === null ? null : cutText(code, maxCode),
    notBefore,
    startedAt,
    finishedAt,
  }
}

export function toItemState(row: Row): CampaignItemState {
  return oneOf(itemStates, text(row, 'state'), 'state') ?? corrupt('state')
}

export function cutDetail(detail: string | null): string | null {
  return detail === null ? null : cutText(detail, maxDetail)
}

function toSettings(row: Row): CampaignSettings {
  return parseCampaignSettings(parseJson(row, 'settings')) ?? corrupt('settings')
}

function corrupt(column: string): never {
  throw new ProxyError('store_corrupt', 'operator', `the store holds an unexpected value in ${column}`)
}
