import { Type } from 'typebox'
import { ProxyError } from '../../policy/error.ts'
import { firmwareNamePattern, maxCertificatesText, maxLocation, maxSignature } from '../../policy/firmware.ts'
import { firmwareProblems } from '../../policy/firmware-certificate.ts'
import type { FirmwareEntry } from '../../store/store.ts'
import type { Api, ApiContext } from '../api.ts'
import { auditResult } from '../audit.ts'
import { requireChargePoint } from '../charge-point-change.ts'
import { firmwareSchema, firmwareUpdateSchema, firmwareUpdateView, firmwareView } from '../firmware-view.ts'
import { answers, nullableText, oneOf, page, strict } from '../schemas.ts'
import { identityParams } from './charge-points.ts'
import { createOperate, operationAnswers } from './operations.ts'

const tags = ['firmware']
const name = Type.String({ pattern: firmwareNamePattern })
const nameParams = strict({ name })
const location = Type.String({ minLength: 1, maxLength: maxLocation })
const codes = Object.keys(firmwareProblems) as (keyof typeof firmwareProblems)[]

const verdict = Type.Object({
  name: Type.String(),
  ok: Type.Boolean(),
  problems: Type.Array(Type.Object({ code: oneOf(codes), detail: Type.String() })),
})

/** The firmware catalogue (L01, A00.FR.706). */
export function firmwareRoutes(api: Api, { deps }: ApiContext): void {
  const { firmware, firmwareChecks, now } = deps

  async function entryNamed(name: string): Promise<FirmwareEntry> {
    const entry = await firmware.get(name)
    if (entry !== null) return entry
    throw new ProxyError('firmware_unknown', 'operator', `there is no firmware ${name} in the catalogue`)
  }

  api.get(
    '/firmware',
    {
      schema: {
        operationId: 'listFirmware',
        summary: 'The firmware catalogue, in order of names',
        tags,
        querystring: strict({}),
        response: answers(200, page(firmwareSchema, nullableText())),
      },
    },
    async () => ({ items: (await firmware.list()).map(firmwareView), next: null }),
  )

  api.get(
    '/firmware/:name',
    {
      schema: {
        operationId: 'getFirmware',
        summary: 'One entry of the firmware catalogue',
        tags,
        params: nameParams,
        response: answers(200, firmwareSchema, 404),
      },
    },
    async ({ params }) => firmwareView(await entryNamed(params.name)),
  )

  api.put(
    '/firmware/:name',
    {
      schema: {
        operationId: 'putFirmware',
        summary: 'Adds an image to the catalogue, or takes the place of the one with this name',
        tags,
        params: nameParams,
        body: strict({
          location,
          size: Type.Integer({ minimum: 1, description: 'Of the image, in bytes.' }),
          sha256: Type.String({ pattern: '^[0-9A-Fa-f]{64}$' }),
          signature: Type.String({ minLength: 1, maxLength: maxSignature * 2, description: 'Base64.' }),
          certificates: Type.String({
            minLength: 1,
            maxLength: maxCertificatesText,
            description: 'PEM: the signing certificate first, then what leads to the manufacturer root.',
          }),
          verified: Type.Boolean({
            default: false,
            description: 'You have verified the signature over the whole image yourself.',
          }),
        }),
        response: answers(200, firmwareSchema, 409, 413, 415, 422),
      },
    },
    async (request) => {
      const { params, body } = request
      const entry = firmwareChecks.entryOf({ ...body, name: params.name }, now())
      await firmware.put(entry)
      auditResult(request, `ok, firmware ${entry.name}`)
      return firmwareView(entry)
    },
  )

  api.post(
    '/firmware/:name/verify',
    {
      schema: {
        operationId: 'verifyFirmware',
        summary: 'Verifies certificate and image as before an update (A00.FR.706)',
        tags,
        params: nameParams,
        body: strict({
          location: Type.Optional(location),
          fetch: Type.Boolean({ default: true, description: 'false: the certificate alone.' }),
        }),
        response: answers(200, verdict, 404, 413, 415),
      },
    },
    async (request) => {
      const entry = await entryNamed(request.params.name)
      const at = request.body.location ?? entry.location
      // With a * nobody knows which image is meant: the certificate can be verified all the same.
      const fetch = request.body.fetch && !at.includes('*')
      const problems = await firmwareChecks.verify(entry, at, { fetch })
      auditResult(request, `${problems[0]?.code ?? 'ok'}, firmware ${entry.name}`)
      return { name: entry.name, ok: problems.length === 0, problems: [...problems] }
    },
  )

  api.delete(
    '/firmware/:name',
    {
      schema: {
        operationId: 'removeFirmware',
        summary: 'Takes an image out of the catalogue; updates that run go on',
        tags,
        params: nameParams,
        response: answers(200, firmwareSchema, 404),
      },
    },
    async (request) => {
      const entry = await entryNamed(request.params.name)
      await firmware.remove(entry.name)
      auditResult(request, `ok, firmware ${entry.name}`)
      return firmwareView(entry)
    },
  )
}

/** An update takes minutes; who asked hears how it stands when the time is over. */
const defaultTimeoutMs = 120_000

const moment = (description: string) =>
  Type.Optional(Type.String({ format: 'date-time', maxLength: 40, description }))

/** Firmware of one charge point (L01). */
export function chargePointFirmwareRoutes(api: Api, context: ApiContext): void {
  const { registry, firmware, operations } = context.deps
  const operate = createOperate(context)
  const path = '/charge-points/:identity/firmware'

  api.get(
    path,
    {
      schema: {
        operationId: 'getFirmwareUpdate',
        summary: 'How the last signed update of the charge point stands',
        tags,
        params: identityParams,
        querystring: strict({}),
        response: answers(200, firmwareUpdateSchema, 404),
      },
    },
    async ({ params: { identity } }) => {
      await requireChargePoint(registry, identity)
      return firmwareUpdateView(identity, await firmware.updateOf(identity))
    },
  )

  api.post(
    path,
    {
      schema: {
        operationId: 'updateFirmware',
        summary: 'Verifies an image and its certificate, and tells the charge point to install it (L01)',
        tags,
        params: identityParams,
        body: strict({
          name,
          location: Type.Optional(location),
          retrieveAt: moment('Not before this time; left out: now.'),
          installAt: moment('Not before this time; left out: when it can.'),
          retries: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
          retryInterval: Type.Optional(
            Type.Integer({ minimum: 0, maximum: 86_400, description: 'Seconds.' }),
          ),
          timeoutSeconds: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 600,
              description: 'How long its end is waited for; 120 unless given. The update goes on.',
            }),
          ),
        }),
        response: operationAnswers(),
      },
    },
    (request, reply) => {
      const { timeoutSeconds, retrieveAt, installAt, ...rest } = request.body
      const times = { ...timeOf('retrieveAt', retrieveAt), ...timeOf('installAt', installAt) }
      const timeoutMs = timeoutSeconds === undefined ? defaultTimeoutMs : timeoutSeconds * 1000
      return operate(request, reply, request.params.identity, timeoutMs, (identity, options) =>
        operations.updateFirmware(identity, { ...options, ...rest, ...times }),
      )
    },
  )
}

/** Throws ProxyError `field_invalid`. */
function timeOf(
  key: 'retrieveAt' | 'installAt',
  text: string | undefined,
): Partial<Record<typeof key, number>> {
  if (text === undefined) return {}
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw new ProxyError('field_invalid', 'operator', `${key} is no time`)
  return { [key]: time }
}
