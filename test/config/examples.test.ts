import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config/load.ts'
import type { SchemaNode } from '../../src/config/schema/node.ts'
import { schemaRoot } from '../../src/config/validate.ts'
import { problemsOf } from './support.ts'

const root = join(import.meta.dirname, '../..')
const examples = readdirSync(join(root, 'config')).filter((name) => name.endsWith('.yaml'))
const env = {
  CPO_NAME: 'Example CPO',
  SERVER_NAME: 'ocpp.example.com',
  CENTRAL_SYSTEM_URL: 'ws://cs:9000/ocpp',
  PRIVATE_ADDRESS: '10.20.0.5',
}

/** Where an example shows something that is dangerous, it is warned of. */
const expectedWarnings: Readonly<Record<string, readonly string[]>> = {
  'migration.yaml': ['listeners[0].securityProfile'],
}

test('the examples are there', () => {
  for (const name of ['quickstart', 'reference', 'gateway', 'steve', 'behind-load-balancer', 'migration']) {
    assert.ok(examples.includes(`${name}.yaml`), name)
  }
})

for (const name of examples) {
  const path = join(root, 'config', name)
  const loadExample = () =>
    loadConfig(path, {
      env,
      // The files of secrets are made up: 32 characters are a token and a sealing key alike.
      readFile: (file) =>
        file === path ? readFileSync(path) : Buffer.from('0123456789abcdef0123456789abcdef'),
    })

  test(`${name} loads without problems, and warns of what it shows`, () => {
    const result = loadExample()
    assert.ok(result.ok, problemsOf(result).join('\n'))
    assert.deepEqual(
      result.warnings.map(({ key }) => key),
      expectedWarnings[name] ?? [],
    )
  })

  test(`${name} is valid by config/schema.json, as an editor would see it`, () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true })
    const schema: unknown = JSON.parse(readFileSync(join(root, 'config/schema.json'), 'utf8'))
    const valid = ajv.validate(schema as object, parse(readFileSync(path, 'utf8')))
    assert.ok(valid, JSON.stringify(ajv.errors, null, 1))
  })
}

/** Every key of a section and of the sections below it. */
function keysOf(node: SchemaNode): string[] {
  const children = [...(node.items ? [node.items] : []), ...(node.anyOf ?? [])]
  return [
    ...Object.entries(node.properties ?? {}).flatMap(([key, child]) => [key, ...keysOf(child)]),
    ...children.flatMap(keysOf),
  ]
}

test('reference.yaml names every key of the schema, with its default where it has one', () => {
  const text = readFileSync(join(root, 'config/reference.yaml'), 'utf8')
  for (const key of new Set(keysOf(schemaRoot))) {
    assert.match(text, new RegExp(`(^|[\\s{#-])${key}:`, 'm'), `${key} is not in reference.yaml`)
  }
  const value = parse(text) as Record<string, unknown>
  const defaults = (node: SchemaNode, actual: unknown, path: string): void => {
    for (const [key, child] of Object.entries(node.properties ?? {})) {
      const shown = (actual as Record<string, unknown>)[key]
      if (child.properties && shown !== undefined) defaults(child, shown, `${path}.${key}`)
      else if (child.default !== undefined && typeof child.default !== 'object' && shown !== undefined) {
        assert.deepEqual(shown, child.default, `${path}.${key}`)
      }
    }
  }
  defaults(schemaRoot, value, '')
})

test('every key of the schema describes itself', () => {
  const undescribed = (node: SchemaNode, path: string): string[] => [
    ...Object.entries(node.properties ?? {}).flatMap(([key, child]) => [
      ...(child.description ? [] : [`${path}.${key}`]),
      ...undescribed(child, `${path}.${key}`),
    ]),
    ...[...(node.items ? [node.items] : []), ...(node.anyOf ?? [])].flatMap((child) =>
      undescribed(child, path),
    ),
  ]
  assert.deepEqual(undescribed(schemaRoot, ''), [])
})

test('what is generated from the sources is up to date', () => {
  execFileSync(process.execPath, [join(root, 'scripts/generate-docs.ts'), '--check'], { stdio: 'pipe' })
})
