import { Type } from 'typebox'
import type { Api, ApiContext } from '../api.ts'
import { certificateView } from '../certificate-view.ts'
import { answers, nullableText, oneOf, page, strict, time } from '../schemas.ts'

const certificateSchema = Type.Object({
  role: oneOf(['server', 'trust', 'factory', 'authority'], {
    description:
      "server: the proxy's own. trust, factory: roots that client certificates are judged by. authority: issuers in the proxy.",
  }),
  listener: Type.String({ description: 'Name of the listener; of an authority, its own name.' }),
  subject: Type.String(),
  issuer: Type.String(),
  serialNumber: Type.String(),
  fingerprint: Type.String({ description: 'SHA-256' }),
  keyType: Type.String(),
  notBefore: time(),
  notAfter: time(),
  daysLeft: Type.Integer({ description: 'Whole days; negative when it has expired.' }),
})

/** What will expire, and when: the next to end first. */
export function certificateRoutes(api: Api, { deps }: ApiContext): void {
  api.get(
    '/certificates',
    {
      schema: {
        operationId: 'listCertificates',
        summary: 'Certificates of the proxy and those that it trusts; the next to end first',
        tags: ['status'],
        querystring: strict({}),
        response: answers(200, page(certificateSchema, nullableText())),
      },
    },
    async () => {
      const now = deps.now()
      const items = deps
        .certificates()
        .toSorted((a, b) => a.notAfter - b.notAfter)
        .map((certificate) => certificateView(certificate, now))
      return { items, next: null }
    },
  )
}
