import { Type } from 'typebox'
import { ProxyError } from '../../policy/error.ts'
import type { Api, ApiContext } from '../api.ts'
import { auditIdentity } from '../audit.ts'
import { allow, deniedSchema, deniedView, deny, entriesOf } from '../deny.ts'
import { answers, limit, nullableText, page, strict } from '../schemas.ts'

const tags = ['certificates']
const text = (maxLength: number, description: string) =>
  Type.Optional(Type.String({ maxLength, description }))
const maxKeyLength = 400

const body = strict({
  fingerprint: text(200, 'SHA-256 of the certificate, hexadecimal, with or without colons.'),
  serialNumber: text(300, 'Of the certificate, hexadecimal, with or without colons.'),
  issuer: text(1000, 'Of the serial number, as certificates are shown; left out: of whatever issuer.'),
  identity: text(
    255,
    'The charge point. Alone: all certificates that it has shown or was given; else only a remark beside the entry.',
  ),
  note: text(500, 'Why.'),
})

/** The local deny list: certificates that are refused whatever their authority says (A00.FR.702). */
export function deniedCertificateRoutes(api: Api, { deps }: ApiContext): void {
  const { denied, now, note, denyListChanged } = deps

  api.get(
    '/denied-certificates',
    {
      schema: {
        operationId: 'listDeniedCertificates',
        summary: 'The local deny list, in order of keys',
        tags,
        querystring: strict({
          identity: Type.Optional(Type.String({ maxLength: 255 })),
          after: Type.Optional(Type.String({ maxLength: maxKeyLength })),
          limit: limit(),
        }),
        response: answers(200, page(deniedSchema, nullableText())),
      },
    },
    async ({ query }) => {
      const entries = await denied.list(query)
      const next = entries.length < query.limit ? null : (entries.at(-1)?.key ?? null)
      return { items: entries.map(deniedView), next }
    },
  )

  api.post(
    '/denied-certificates',
    {
      schema: {
        operationId: 'denyCertificates',
        summary: 'Refuses a certificate from now on, and ends the session that it has',
        description:
          'By fingerprint or charge point, certificates of our own authorities go on their CRL, too.',
        tags,
        body,
        response: answers(201, Type.Object({ items: Type.Array(deniedSchema) }), 404, 413, 415, 422),
      },
    },
    async (request, reply) => {
      const entries = await entriesOf(request.body, deps, now())
      const { identity } = request.body
      if (identity !== undefined) auditIdentity(request, identity)
      const items = []
      for (const entry of entries) {
        const kept = await deny(deps, entry)
        note({ type: 'CertificateDenied', identity: kept.identity, techInfo: `${kept.key}: ${kept.note}` })
        items.push(deniedView(kept))
      }
      await denyListChanged()
      reply.code(201)
      return { items }
    },
  )

  api.delete(
    '/denied-certificates/:key',
    {
      schema: {
        operationId: 'allowCertificate',
        summary: 'Takes an entry off the deny list, and off the CRL of our own authority',
        tags,
        params: strict({ key: Type.String({ minLength: 1, maxLength: maxKeyLength }) }),
        response: answers(200, deniedSchema, 404),
      },
    },
    async (request) => {
      const { key } = request.params
      const entry = await denied.get(key)
      if (entry === null || !(await allow(deps, entry)))
        throw new ProxyError('denied_unknown', 'operator', 'there is no such entry on the deny list')
      if (entry.identity !== null) auditIdentity(request, entry.identity)
      note({ type: 'CertificateAllowed', identity: entry.identity, techInfo: `${key}: ${entry.note}` })
      await denyListChanged()
      return deniedView(entry)
    },
  )
}
