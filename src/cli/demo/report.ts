import { reasons, stages } from '../../policy/reasons.ts'
import { printable } from '../output.ts'
import { type Column, fitColumns, lineOf, widest } from './columns.ts'
import { type HonestRow, lanes } from './honest.ts'
import type { RefusalRow } from './measure.ts'
import { demoReasons, notShown } from './not-shown.ts'
import type { Paint } from './paint.ts'
import { refusals } from './refusals.ts'

/** The tables of the demo, line by line: a row is printed when it is done. */
export interface Report {
  honestHead(): string
  honest(row: HonestRow): string
  refusalHead(): string
  refusal(row: RefusalRow): string
  end(result: DemoResult): string
}

export interface DemoResult {
  readonly ok: boolean
  readonly seconds: number
  readonly honest: readonly HonestRow[]
  readonly refusals: readonly RefusalRow[]
  /** Reasons that the demo cannot show, and what each would take. */
  readonly notShown: typeof notShown
  /** What went wrong beside the rows. */
  readonly surprises: readonly string[]
}

const margin = '  '

/** `columns`: of the terminal; Infinity when there is none. */
export function createReport(paint: Paint, columns: number): Report {
  // The margin, the mark and a blank.
  const room = columns - margin.length - 2
  const honest = fitColumns(honestColumns(), room)
  const refusal = fitColumns(refusalColumns(), room)
  const head = (title: string, table: readonly Column[]) => {
    const titles = lineOf(
      table,
      table.map((column) => column.title),
    )
    return `\n${paint('bold', title)}\n${margin}  ${paint('dim', titles)}`
  }
  const row = (table: readonly Column[], cells: readonly string[], surprises: readonly string[]) => {
    const mark = surprises.length === 0 ? paint('green', '✓') : paint('red', '✗')
    const wrong = surprises.map((one) => `${margin}    ${paint('red', oneLine(one))}`)
    return [`${margin}${mark} ${lineOf(table, cells)}`, ...wrong].join('\n')
  }
  return {
    honestHead: () => head('Admitted: each boots, charges, and obeys a command', honest),
    honest: (one) => row(honest, honestCells(one), one.surprises),
    refusalHead: () => head('Refused: one for every reason, seen from both ends', refusal),
    refusal: (one) => row(refusal, refusalCells(one), one.surprises),
    end: (result) => `\n${endLines(result, paint).join('\n')}\n`,
  }
}

function honestColumns(): readonly Column[] {
  return [
    { title: 'who', width: widest(lanes.map(({ identity }) => identity)) },
    { title: '', width: 'profile 1'.length },
    { title: 'with', width: widest(lanes.map(({ how }) => how)) },
    { title: 'over', width: 'TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256'.length, least: 20 },
    { title: 'the central system got', width: '6 kinds of message, 1 answer'.length, least: 0 },
  ]
}

function honestCells({ who, profile, how, tls, messages, obeyed }: HonestRow): readonly string[] {
  const answers = obeyed === '' ? 'no answer' : '1 answer'
  return [who, `profile ${profile}`, how, tls, `${messages.length} kinds of message, ${answers}`]
}

function refusalColumns(): readonly Column[] {
  return [
    { title: 'reason', width: widest(demoReasons) },
    { title: 'who', width: widest(demoReasons.map((code) => refusals[code].who)), least: 16 },
    { title: 'the client saw', width: 'alert handshake_failure'.length },
    { title: 'metric', width: 'metric'.length },
    { title: 'store', width: 'store'.length },
    { title: 'central system', width: 'central system'.length },
    {
      title: 'requirement',
      width: widest(demoReasons.map((code) => shortIds(reasons[code].requirements))),
      least: 0,
    },
  ]
}

function refusalCells(row: RefusalRow): readonly string[] {
  // 'CP-A close 1001': who it was stands in the row already.
  const events = row.centralSystemSaw.map((event) => event.slice(event.indexOf(' ') + 1))
  return [
    row.reason,
    row.who,
    row.clientSaw,
    `+${row.metric}`,
    `+${row.kept}`,
    events.join(', ') || 'nothing',
    shortIds(row.requirements) || '-',
  ]
}

function endLines({ ok, seconds, honest, refusals: rows, surprises }: DemoResult, paint: Paint): string[] {
  const others = Object.entries(notShown).map(([code, what]) => `${code} (${what})`)
  const wrong = [...honest, ...rows].filter((row) => row.surprises.length > 0).length + surprises.length
  const byStage = stages.map((stage) => {
    const count = rows.filter(({ reason }) => reasons[reason].stage === stage).length
    return `${count} ${stage}`
  })
  const verdict = ok
    ? paint('green', `All as expected: ${honest.length} admitted, ${rows.length} refused, in ${seconds} s`)
    : paint('red', `${wrong} ${wrong === 1 ? 'surprise' : 'surprises'} in ${seconds} s`)
  return [
    ...surprises.map((one) => paint('red', `✗ ${oneLine(one)}`)),
    verdict,
    paint('dim', `Refused at: ${byStage.join(', ')}`),
    paint('dim', `Not shown:  ${others.join(', ')}`),
  ]
}

/** "A00.FR.312, 314" for A00.FR.312 and A00.FR.314: the ids of one section stand together. */
export function shortIds(ids: readonly string[]): string {
  const sectionOf = (id: string | undefined) => /^\w+\.FR\./.exec(id ?? '')?.[0] ?? ''
  return ids
    .map((id, index) => {
      const section = sectionOf(id)
      return section !== '' && section === sectionOf(ids[index - 1]) ? id.slice(section.length) : id
    })
    .join(', ')
}

function oneLine(text: string): string {
  return printable(text).replaceAll('\n', ' ')
}
