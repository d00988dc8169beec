import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { setUp } from './setting.ts'

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly parameters?: readonly { name: string; in: string; required?: boolean; schema: object }[]
  readonly requestBody?: { readonly content: Record<string, { schema: object }> }
  readonly responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>
}

interface Document {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string }
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { readonly securitySchemes: object }
  readonly security: readonly object[]
}

const routes = [
  'delete /charge-points/{identity}',
  'delete /charge-points/{identity}/password',
  'delete /denied-certificates/{key}',
  'delete /firmware/{name}',
  'get /campaigns',
  'get /campaigns/{id}',
  'get /campaigns/{id}/charge-points',
  'get /certificate-requests',
  'get /certificates',
  'get /charge-point-certificates',
  'get /charge-points',
  'get /charge-points/{identity}',
  'get /charge-points/{identity}/certificate',
  'get /charge-points/{identity}/firmware',
  'get /charge-points/{identity}/logs',
  'get /charge-points/{identity}/logs/{id}/content',
  'get /charge-points/{identity}/root-certificates',
  'get /denied-certificates',
  'get /firmware',
  'get /firmware/{name}',
  'get /issued-certificates',
  'get /rejections',
  'get /rejections/stream',
  'get /rejections/summary',
  'get /rejections/{id}',
  'get /security-events',
  'get /security-events/stream',
  'get /status',
  'patch /charge-points/{identity}',
  'post /campaigns',
  'post /campaigns/{id}/cancel',
  'post /campaigns/{id}/pause',
  'post /campaigns/{id}/resume',
  'post /charge-points',
  'post /charge-points/{identity}/certificate',
  'post /charge-points/{identity}/disconnect',
  'post /charge-points/{identity}/firmware',
  'post /charge-points/{identity}/logs',
  'post /charge-points/{identity}/password',
  'post /charge-points/{identity}/root-certificates',
  'post /charge-points/{identity}/root-certificates/delete',
  'post /charge-points/{identity}/root-certificates/refresh',
  'post /charge-points/{identity}/security-profile',
  'post /charge-points/{identity}/unlock',
  'post /charge-points/{identity}/v2g-certificate',
  'post /denied-certificates',
  'post /firmware/{name}/verify',
  'put /charge-points/{identity}/password',
  'put /firmware/{name}',
].toSorted()

test('[design 11] /openapi.json is OpenAPI 3.1 and lists every route', async (t) => {
  const { ask, origin } = await setUp(t)
  const answer = await ask('GET', `=${origin}/openapi.json`, { token: null })
  assert.equal(answer.status, 200)
  const document = answer.body as Document
  assert.equal(document.openapi, '3.1.0')
  assert.equal(document.info.version, '1.2.3')
  assert.deepEqual(document.components.securitySchemes, { token: { type: 'http', scheme: 'bearer' } })
  assert.deepEqual(document.security, [{ token: [] }])
  const found = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method} ${path.replace('/api/v1', '')}`),
  )
  assert.deepEqual(found.toSorted(), routes.toSorted())

  const ids = new Set<string>()
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      assertOperation(document, path, method, operation)
      assert.ok(!ids.has(operation.operationId), operation.operationId)
      ids.add(operation.operationId)
    }
  }
})

function assertOperation(document: Document, path: string, method: string, operation: Operation): void {
  const name = `${method} ${path}`
  assert.ok(operation.summary.length > 0, name)
  const tags = document.tags.map((tag) => tag.name)
  assert.ok(operation.tags.length > 0 && operation.tags.every((tag) => tags.includes(tag)), name)
  // OpenAPI 3.1, 4.8.12.1: every parameter of the path is described, and required.
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter)
  const described = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path')
  assert.deepEqual(
    described.map((parameter) => parameter.name),
    inPath,
    name,
  )
  assert.ok(
    described.every(({ required }) => required === true),
    name,
  )
  for (const { schema } of operation.parameters ?? []) compiles(schema, name)
  for (const { schema } of Object.values(operation.requestBody?.content ?? {})) compiles(schema, name)
  assert.equal(operation.requestBody !== undefined, !['get', 'delete'].includes(method), name)
  for (const status of ['400', '401', '403', '429', '500', '503']) {
    assert.ok(operation.responses[status] !== undefined, `${name} ${status}`)
  }
  for (const { description, content } of Object.values(operation.responses)) {
    assert.equal(typeof description, 'string')
    for (const { schema } of Object.values(content ?? {})) compiles(schema, name)
  }
}

const compiled = new Set<string>()

/** OpenAPI 3.1 schemas are JSON Schema 2020-12. The same one stands in many places. */
function compiles(schema: object, name: string): void {
  const text = JSON.stringify(schema)
  if (compiled.has(text)) return
  compiled.add(text)
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false })
  assert.doesNotThrow(() => ajv.compile(schema), name)
}

test('what has a default is not required', async (t) => {
  const { ask, origin } = await setUp(t)
  const { paths } = (await ask('GET', `=${origin}/openapi.json`)).body as Document
  const list = paths['/api/v1/charge-points']?.get
  assert.equal(list?.parameters?.find(({ name }) => name === 'limit')?.required, false)
  const upgrade = paths['/api/v1/charge-points/{identity}/security-profile']?.post
  const schema = upgrade?.requestBody?.content['application/json']?.schema
  assert.deepEqual((schema as { required?: readonly string[] }).required, ['to'])
})

test('[design 11] a foreign validator finds nothing wrong with the document', async (t) => {
  const { ask, origin } = await setUp(t)
  const document = JSON.parse((await ask('GET', `=${origin}/openapi.json`)).text)
  const validator = new Validator()
  assert.deepEqual(await validator.validate(document), { valid: true })
  assert.equal(validator.version, '3.1')
  const wrong = await validator.validate({ ...document, info: {} })
  assert.equal(wrong.valid, false, 'it can tell')
})

test('the document is only there with the API, and costs as a request', async (t) => {
  const { ask, origin } = await setUp(t, { requestsPerMinute: 20 })
  const statuses: number[] = []
  for (let i = 0; i < 21; i++) statuses.push((await ask('GET', `=${origin}/openapi.json`)).status)
  assert.deepEqual([statuses[19], statuses[20]], [200, 429])
})
