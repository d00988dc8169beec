import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

export const chartFolder = join(import.meta.dirname, '../../../helm/ocpp-security-proxy')

export interface ChartValues {
  readonly defaults: Readonly<Record<string, unknown>>
  /** By path, with dots: the comments of values.yaml that begin with `# -- `. */
  readonly descriptions: ReadonlyMap<string, string>
}

export function readChartValues(): ChartValues {
  const text = readFileSync(join(chartFolder, 'values.yaml'), 'utf8')
  return { defaults: parse(text) as Record<string, unknown>, descriptions: descriptionsOf(text) }
}

/** A description stands right above its key; the indentation tells where the key belongs. */
function descriptionsOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const path: string[] = []
  let comment: string[] = []
  for (const line of text.split('\n')) {
    const said = /^\s*# ?(-- )?(.*)$/.exec(line)
    if (said) {
      comment = said[1] === undefined ? [...comment, said[2] ?? ''] : [said[2] ?? '']
      continue
    }
    const key = /^( *)([\w.-]+):/.exec(line)
    if (key === null) continue
    path.length = (key[1] ?? '').length / 2
    path.push(key[2] ?? '')
    if (comment.length > 0) found.set(path.join('.'), comment.join(' '))
    comment = []
  }
  return found
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
