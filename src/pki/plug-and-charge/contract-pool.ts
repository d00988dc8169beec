import { messageOf } from '../../policy/error.ts'
import type { RemoteTls } from '../authority/https-call.ts'
import { AnswerTooLarge, type ExchangeAnswer, exchange } from '../exchange.ts'
import { createSlots } from '../revocation/slots.ts'

/**
 * The contract certificate pool behind Get15118EVCertificate (M01, M02), over HTTP: the fields of the
 * request as JSON go there, `status` and `exiResponse` come back. Knows nothing of the message that asks.
 */
export interface ContractPool {
  /** Within the budget; never rejected. */
  ask(request: EvCertificateRequest): Promise<EvCertificateOutcome>
  /** Ends the requests under way. */
  close(): void
}

/** Get15118EVCertificateRequest, checked. */
export interface EvCertificateRequest {
  readonly iso15118SchemaVersion: string
  readonly action: 'Install' | 'Update'
  /** Base64 of EXI: what the vehicle sent. */
  readonly exiRequest: string
}

export type EvCertificateOutcome =
  | { readonly ok: true; readonly status: 'Accepted' | 'Failed'; readonly exiResponse: string }
  | { readonly ok: false; readonly detail: string }

export interface ContractPoolOptions {
  readonly url: URL
  readonly tls: RemoteTls
  /** More request headers, such as Authorization. */
  readonly headers: Readonly<Record<string, string>>
  /** From the question to the answer, everything included: the vehicle waits 5 s (ISO 15118-2). Milliseconds. */
  readonly budgetMs: number
  /** Requests at a time. Those above fail at once: who waits in a queue, waits for nothing. */
  readonly concurrency: number
}

/** Lengths of Get15118EVCertificate (2.0.1; application note). */
export const maxExiLength = 5600
export const maxSchemaVersionLength = 50
const maxAnswerBytes = 64 * 1024

/** What a second attempt may cure. */
const passing: ReadonlySet<number> = new Set([502, 503, 504])

export function createContractPool(options: ContractPoolOptions): ContractPool {
  const closing = new AbortController()
  const slots = createSlots(options.concurrency, 0)
  return {
    async ask(request) {
      const budget = AbortSignal.timeout(options.budgetMs)
      const signal = AbortSignal.any([closing.signal, budget])
      const asked = slots.run(() => attempts(options, request, signal))
      if (asked === null) return failed(`${options.concurrency} requests are under way already`)
      const outcome = await asked
      return budget.aborted && !outcome.ok ? failed(`no answer within ${options.budgetMs} ms`) : outcome
    },
    close: () => closing.abort(),
  }
}

function failed(detail: string): EvCertificateOutcome {
  return { ok: false, detail }
}

/** Once more where the first attempt failed at once, and never beyond the budget. */
async function attempts(
  options: ContractPoolOptions,
  request: EvCertificateRequest,
  signal: AbortSignal,
): Promise<EvCertificateOutcome> {
  const first = await attempt(options, request, signal)
  if (!first.again || signal.aborted) return first.outcome
  return (await attempt(options, request, signal)).outcome
}

interface Attempt {
  readonly outcome: EvCertificateOutcome
  readonly again: boolean
}

async function attempt(
  { url, tls, headers }: ContractPoolOptions,
  request: EvCertificateRequest,
  signal: AbortSignal,
): Promise<Attempt> {
  const { ca, client } = tls
  const { certificate: cert, ...key } = client ?? {}
  try {
    const answer = await exchange({
      url,
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body: Buffer.from(JSON.stringify(request)),
      connection: {
        ...(ca === null ? {} : { ca: [...ca] }),
        ...(cert === undefined ? {} : { cert, ...key }),
      },
      maxBytes: maxAnswerBytes,
      readsBody: (status) => status === 200,
      signal,
    })
    return answer.status === 200
      ? { outcome: read(answer), again: false }
      : { outcome: failed(`the pool answered ${answer.status}`), again: passing.has(answer.status) }
  } catch (error) {
    const again = !(error instanceof AnswerTooLarge)
    return { outcome: failed(`${url.host} cannot be asked: ${messageOf(error)}`), again }
  }
}

function read({ body }: ExchangeAnswer): EvCertificateOutcome {
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch {
    return failed('the answer of the pool is not JSON')
  }
  if (typeof value !== 'object' || value === null) return failed('the answer of the pool is no object')
  const status: unknown = Reflect.get(value, 'status')
  const exi: unknown = Reflect.get(value, 'exiResponse') ?? ''
  if (status !== 'Accepted' && status !== 'Failed')
    return failed('the answer of the pool has neither status Accepted nor Failed')
  if (typeof exi !== 'string' || exi.length > maxExiLength || !isBase64(exi))
    return failed(`exiResponse of the pool is no base64 of up to ${maxExiLength} characters`)
  if (status === 'Accepted' && exi === '') return failed('the pool accepted, and gave no exiResponse')
  return { ok: true, status, exiResponse: exi }
}

/** RFC 4648 4, whole. '' counts. */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
}
