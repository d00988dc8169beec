import type { FastifyInstance, FastifyReply } from 'fastify'

/** What the authorities of the proxy say of their certificates; null: there is no such authority. */
export interface PkiAnswers {
  /** DER. */
  crl(name: string): Promise<Buffer | null>
  /** DER in, DER out (RFC 6960). */
  ocsp(name: string, request: Buffer): Promise<Buffer | null>
  /** PEM. */
  chain(name: string): string | null
}

/** Of one address; whoever checks a fleet caches the answers. */
const perMinute = 600
const maxRequestBytes = 8 * 1024
const ocspRequest = 'application/ocsp-request'

/** CRL and OCSP of the local authorities under /pki: for anybody, without a token, and rate-limited. */
export async function addPki(server: FastifyInstance, answers: PkiAnswers): Promise<void> {
  await server.register(async (scope) => {
    const options = { schema: { hide: true }, config: { rateLimit: { max: perMinute } } }
    scope.addContentTypeParser(
      ocspRequest,
      { parseAs: 'buffer', bodyLimit: maxRequestBytes },
      async (_request: unknown, body: Buffer) => body,
    )
    scope.get<{ Params: { file: string } }>('/pki/:file', options, async ({ params: { file } }, reply) => {
      const [, name = '', kind] = /^([a-z]{1,20})\.(crl|pem)$/.exec(file) ?? []
      if (kind === 'crl') return send(reply, 'application/pkix-crl', await answers.crl(name))
      return send(reply, 'application/x-pem-file', kind === 'pem' ? answers.chain(name) : null)
    })
    // RFC 6960 A.1: a POST with the DER, or a GET with its base64 behind the path.
    scope.post<{ Params: { name: string } }>('/pki/:name/ocsp', options, ({ params, body }, reply) =>
      answerOcsp(answers, params.name, Buffer.isBuffer(body) ? body : null, reply),
    )
    scope.get<{ Params: { name: string; '*': string } }>('/pki/:name/ocsp/*', options, ({ params }, reply) =>
      answerOcsp(answers, params.name, derOf(params['*']), reply),
    )
  })
}

function derOf(base64: string): Buffer | null {
  if (base64.length > maxRequestBytes || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null
  return Buffer.from(base64, 'base64')
}

async function answerOcsp(
  answers: PkiAnswers,
  name: string,
  request: Buffer | null,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (request === null) {
    const message = `a POST must be of type ${ocspRequest}, a GET hold the request in base64`
    return reply.code(400).send({ error: 'request_invalid', message, requestId: reply.request.id })
  }
  return send(reply, 'application/ocsp-response', await answers.ocsp(name, request))
}

function send(reply: FastifyReply, type: string, content: Buffer | string | null): FastifyReply {
  if (content === null) {
    const message = 'there is no such authority'
    return reply.code(404).send({ error: 'not_found', message, requestId: reply.request.id })
  }
  return reply.header('content-type', type).send(content)
}
