import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { blocksOf, documents, root, spansOf } from './markdown.ts'

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
}

const whole = JSON.parse(readFileSync(join(root, 'config/schema.json'), 'utf8')) as Schema

/** The schema of a value, and those that it may have instead. */
const formsOf = (schema: Schema): readonly Schema[] => [schema, ...(schema.anyOf ?? []).flatMap(formsOf)]

/** Schemas of a key, null where its name is free; empty where no form has it. */
function schemasOf(forms: readonly Schema[], key: string): readonly Schema[] | null {
  if (forms.some(({ patternProperties }) => patternProperties !== undefined)) return null
  return forms.flatMap(({ properties = {} }) =>
    Object.hasOwn(properties, key) ? [properties[key] ?? {}] : [],
  )
}

/** Keys of a value that its schema does not have. Values are not looked at: parts of them are left out. */
function unknownKeys(schemas: readonly Schema[], value: unknown, path: string): string[] {
  const forms = schemas.flatMap(formsOf)
  if (Array.isArray(value)) {
    const items = forms.flatMap((form) => (form.items === undefined ? [] : [form.items]))
    return value.flatMap((one) => unknownKeys(items, one, `${path}[]`))
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const name = path === '' ? key : `${path}.${key}`
    const found = schemasOf(forms, key)
    if (found === null) return []
    return found.length === 0 ? [name] : unknownKeys(found, inner, name)
  })
}

/** Every section below that has this key: an excerpt may begin anywhere. */
function sectionsWith(schema: Schema, key: string): readonly Schema[] {
  const below = [
    ...Object.values(schema.properties ?? {}),
    ...(schema.items === undefined ? [] : [schema.items]),
    ...(schema.anyOf ?? []),
  ]
  const here = schema.properties !== undefined && Object.hasOwn(schema.properties, key) ? [schema] : []
  return [...here, ...below.flatMap((one) => sectionsWith(one, key))]
}

function snippetProblems(text: string): string[] {
  const value = parse(text) as Readonly<Record<string, unknown>>
  const keys = Object.keys(value)
  // Values of the chart: the configuration is their `config`, the others are held by the tests of the chart.
  if (keys.includes('config')) return unknownKeys([whole], value.config, '')
  if (keys.every((key) => Object.hasOwn(whole.properties ?? {}, key))) return unknownKeys([whole], value, '')
  const sections = keys.map((key) => sectionsWith(whole, key))
  const all = sections.flat().filter((one) => sections.every((with_) => with_.includes(one)))
  return all.length === 0 ? keys : unknownKeys(all, value, '')
}

/** `limits.lockout` in a text. */
function keyProblem(code: string): string[] {
  if (!/^[a-z][A-Za-z]*(?:\.[A-Za-z0-9_]+(?:\[\])?)+$/.test(code)) return []
  const [first = '', ...rest] = code.split('.')
  let schemas = schemasOf([whole], first) ?? []
  if (schemas.length === 0) return []
  for (const part of rest) {
    const forms = schemas
      .flatMap(formsOf)
      .flatMap((form) => [form, ...(form.items ? formsOf(form.items) : [])])
    const found = schemasOf(forms, part.replace('[]', ''))
    if (found === null) return []
    if (found.length === 0) return [code]
    schemas = found
  }
  return []
}

function problemsOf({ path, text }: { readonly path: string; readonly text: string }): string[] {
  const inBlocks = blocksOf(text)
    .filter(({ language }) => language === 'yaml')
    .flatMap((block) => snippetProblems(block.text).map((key) => `${path}:${block.line}: ${key}`))
  // In pages of the chart `admin.tokenSecret` is a value of the chart.
  const spans = path.endsWith('kubernetes.md') || path.startsWith('helm/') ? [] : spansOf(text)
  const inText = spans.flatMap(({ code, line }) => keyProblem(code).map((key) => `${path}:${line}: ${key}`))
  return [...inBlocks, ...inText]
}

test('every configuration key in the documents exists', () => {
  assert.deepEqual(documents().flatMap(problemsOf), [])
})

test('a key that does not exist is found, wherever an excerpt begins', () => {
  const text = [
    '`limits.lockout`, `limits.lookout`, `README.md`, `store.sqlite`',
    '```yaml\nlimits: { lockout: 5m, lookout: 5m }\n```',
    '```yaml\ntls:\n  certificates:\n    - { issue: local, isue: local }\n```',
    '```yaml\nconfig:\n  centralSystem: { headers: { X-Any: "{identity}" }, hedaers: {} }\nreplicaCount: 1\n```',
    '```yaml\nsomething: 1\n```',
    '',
  ].join('\n')
  assert.deepEqual(problemsOf({ path: 'a.md', text }), [
    'a.md:3: limits.lookout',
    'a.md:6: tls.certificates[].isue',
    'a.md:11: centralSystem.hedaers',
    'a.md:16: something',
    'a.md:1: limits.lookout',
  ])
})
