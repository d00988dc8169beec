import { campaignKinds } from '../../campaigns/kinds.ts'
import type { CodeSummary } from '../../campaigns/report.ts'
import { fields, printable, table } from '../output.ts'
import type { CampaignAnswer, ItemAnswer } from './source.ts'

export function campaignTable(campaigns: readonly CampaignAnswer[]): string {
  const rows = campaigns.map((campaign) => {
    const { id, state, counts, createdAt } = campaign
    const { done, failed } = counts
    return [id, state, `${done}/${totalOf(campaign)}`, String(failed), toSeconds(createdAt)]
  })
  return table(['ID', 'STATE', 'DONE', 'FAILED', 'BEGAN'], rows)
}

export function campaignDetails(campaign: CampaignAnswer): string {
  const { settings, stateDetail, finishedAt } = campaign
  const { perMinute, concurrency, attempts, retryAfterMs, timeoutMs, maxFailures } = settings
  return fields([
    ['id', campaign.id],
    ['what', whatText(campaign)],
    ['state', stateDetail === null ? campaign.state : `${campaign.state} (${stateDetail})`],
    ['charge points', countsText(campaign)],
    ...leftOutFields(campaign),
    ['canaries', String(settings.canary)],
    ['pace', `${perMinute} a minute, ${concurrency} at once${settings.onlyIdle ? ', only while idle' : ''}`],
    ['tries', `${attempts}, the second after ${seconds(retryAfterMs)}, each at most ${seconds(timeoutMs)}`],
    ['stops', `when ${maxFailures} have failed, or a canary`],
    ['began', toSeconds(campaign.createdAt)],
    ['finished', finishedAt === null ? '-' : toSeconds(finishedAt)],
  ])
}

/** Known when it is created. Who said all should not look for the others in vain. */
function leftOutFields({ kind, leftOut = 0 }: CampaignAnswer): [string, string][] {
  return leftOut === 0 ? [] : [['left out', `${leftOut}, ${campaignKinds[kind].others}`]]
}

function whatText({ kind, toProfile, settings }: CampaignAnswer): string {
  const target = toProfile === null ? '' : ` to ${toProfile}`
  const root = settings.root === undefined ? '' : `, ${settings.root.certificateType}`
  const { firmware, log } = settings
  const task = firmware === undefined ? (log === undefined ? '' : `, ${log.logType}`) : `, ${firmware.name}`
  return `${kind}${target}${root}${task}${settings.newPasswords === true ? ', with new passwords' : ''}`
}

/** For example "12 of 50 done, 1 failed, 2 running, 35 waiting (4 not connected)". */
export function countsText(campaign: CampaignAnswer): string {
  const { done, failed, running, skipped, waiting } = campaign.counts
  return [
    `${done} of ${totalOf(campaign)} done`,
    `${failed} failed`,
    ...(running > 0 ? [`${running} running`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...(waiting > 0 ? [`${waiting} waiting${waitsText(campaign)}`] : []),
  ].join(', ')
}

function waitsText({ waits }: CampaignAnswer): string {
  if (waits === null) return ''
  const parts = [
    ...(waits.canaries > 0 ? [`for ${waits.canaries} canaries`] : []),
    ...(waits.notConnected > 0 ? [`${waits.notConnected} not connected`] : []),
    ...(waits.transactionOpen > 0 ? [`${waits.transactionOpen} charging`] : []),
    ...(waits.retry > 0 ? [`${waits.retry} for another try`] : []),
  ]
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

export function itemTable(items: readonly ItemAnswer[]): string {
  const rows = items.map(({ identity, state, attempts, code, detail, finishedAt }) => [
    identity,
    state,
    String(attempts),
    code ?? '-',
    finishedAt === null ? '-' : toSeconds(finishedAt),
    detail ?? '',
  ])
  return table(['IDENTITY', 'STATE', 'TRIES', 'CODE', 'FINISHED', 'DETAIL'], rows)
}

export function summaryTable(summary: readonly CodeSummary[]): string {
  const rows = summary.map(({ count, state, code, examples }) => [
    String(count),
    state,
    code,
    `${examples.join(', ')}${count > examples.length ? ', …' : ''}`,
  ])
  return table(['COUNT', 'STATE', 'CODE', 'CHARGE POINTS'], rows)
}

/** One line that is drawn again and again. */
export function progressBar(campaign: CampaignAnswer, width = 30): string {
  const { done, failed, skipped } = campaign.counts
  const share = (done + failed + skipped) / Math.max(1, totalOf(campaign))
  const filled = Math.floor(share * width)
  const bar = '#'.repeat(filled).padEnd(width, '-')
  const state = campaign.state === 'running' ? '' : `${campaign.state}: `
  return printable(`[${bar}] ${Math.floor(share * 100)}% ${state}${countsText(campaign)}`)
}

function totalOf({ counts }: CampaignAnswer): number {
  const { done, failed, running, skipped, waiting } = counts
  return done + failed + running + skipped + waiting
}

function toSeconds(time: string): string {
  return `${time.slice(0, 19)}Z`
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}
