import { configSchemaJson } from '../schema.ts'
import { shapes } from './shapes.ts'
import { type ChartValues, isMap, readChartValues } from './values.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

/**
 * values.schema.json: `config` is the schema of the configuration, less what the chart fills in; the rest
 * is read off values.yaml and the shapes beside this file. Draft 7, which every Helm understands.
 */
export function chartSchemaJson(): string {
  const values = readChartValues()
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the chart ocpp-security-proxy',
    ...schemaOf(values, values.defaults, ''),
  }
  return `${JSON.stringify(schema, null, 2)}\n`
}

function schemaOf(values: ChartValues, value: unknown, path: string): JsonSchema {
  const description = values.descriptions.get(path)
  const about = description === undefined ? {} : { description }
  if (path === 'config') return { ...about, ...configSchema() }
  const shape = shapes[path]
  if (shape !== undefined) return { ...about, ...shape }
  if (isMap(value) && isSection(value)) {
    const entries = Object.entries(value).map(([key, child]) => {
      return [key, schemaOf(values, child, path === '' ? key : `${path}.${key}`)] as const
    })
    const properties = {
      ...Object.fromEntries(entries),
      // What a chart that has this one as a part hands down: Helm's own, and the usual condition.
      ...(path === '' ? { global: { type: 'object' }, enabled: { type: 'boolean' } } : {}),
    }
    // Templates look into them: a section may be taken out (null) no more than its keys may be unknown.
    const required = Object.keys(value).filter((key) => isSection(value[key]))
    return {
      ...about,
      type: 'object',
      properties,
      ...(required.length > 0 ? { required } : {}),
      additionalProperties: false,
    }
  }
  switch (typeof value) {
    case 'string':
      return { ...about, type: 'string' }
    case 'boolean':
      return { ...about, type: 'boolean' }
    case 'number':
      return { ...about, type: 'integer', minimum: 0 }
    default:
      throw new Error(`values.yaml: the default of ${path} does not tell its shape; add it to shapes.ts`)
  }
}

function isSection(value: unknown): boolean {
  return isMap(value) && Object.keys(value).length > 0
}

/** Keys that the chart fills in where they are missing, by the section that they are in. */
const filledIn: Readonly<Record<string, readonly string[]>> = {
  config: ['centralSystem', 'store'],
  centralSystem: ['url'],
  tls: ['certificates'],
  clientCertificates: ['trust'],
  store: ['sqlite'],
  redis: ['urls'],
}
/** Keys that are the chart's alone. */
const ownKeys: Readonly<Record<string, readonly string[]>> = {
  admin: ['address', 'tokenFile'],
  store: ['sqlite'],
}

function configSchema(): JsonSchema {
  const { $schema: _, title: __, ...schema } = JSON.parse(configSchemaJson()) as Record<string, unknown>
  return relaxed(schema, 'config') as JsonSchema
}

/** `section`: the key whose value this node describes. */
function relaxed(node: unknown, section: string): unknown {
  if (Array.isArray(node)) return node.map((item) => relaxed(item, section))
  if (!isMap(node)) return node
  const without = (names: readonly string[] = []) => {
    return ([name]: [string, unknown]) => !names.includes(name)
  }
  const entries = Object.entries(node).flatMap(([name, child]): [string, unknown][] => {
    if (name.startsWith('x-')) return []
    // Go has no look-around.
    if (name === 'pattern' && String(child).includes('(?')) return []
    if (name === 'properties' && isMap(child)) {
      const kept = Object.entries(child).filter(without(ownKeys[section]))
      return [[name, Object.fromEntries(kept.map(([key, value]) => [key, relaxed(value, key)]))]]
    }
    if (name === 'required' && Array.isArray(child)) {
      const kept = child.filter((key) => !filledIn[section]?.includes(String(key)))
      return kept.length > 0 ? [[name, kept]] : []
    }
    return [[name, relaxed(child, section)]]
  })
  return Object.fromEntries(entries)
}
