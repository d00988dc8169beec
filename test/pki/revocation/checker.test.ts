import assert from 'node:assert/strict'
import { randomBytes, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { createAddressRule, createHostRule } from '../../../src/pki/revocation/addresses.ts'
import { createRevocationChecker } from '../../../src/pki/revocation/checker.ts'
import { createCrlSet } from '../../../src/pki/revocation/crl-set.ts'
import { createFetch } from '../../../src/pki/revocation/fetch.ts'
import { createOcspChecker, defaultOcspOptions } from '../../../src/pki/revocation/ocsp-checker.ts'
import { judgeRevocation, type OcspMode } from '../../../src/policy/revocation.ts'
import { type AnswerOptions, makeOpensslCa, needsOpenssl, type OpensslCa } from '../../support/openssl-ca.ts'
import { startOpensslResponder } from '../../support/openssl-responder.ts'

/** All parts as they are wired in a proxy, against the responder process of openssl over HTTP. */

const minuteMs = 60_000

function makeCa(): OpensslCa {
  const ca = makeOpensslCa('rsa')
  after(() => ca.remove())
  for (const name of ['good', 'bad', 'stranger']) ca.issue(name)
  ca.issue('delegate', { extensions: 'extendedKeyUsage=OCSPSigning\nnoCheck=yes' })
  ca.issue('server', { extensions: 'extendedKeyUsage=serverAuth' })
  ca.writeIndex(['good'], { bad: '260101000000Z,keyCompromise' })
  return ca
}

interface WiringOptions {
  readonly url: string
  readonly aheadMs?: number
  readonly budgetMs?: number
  readonly timeoutMs?: number
  readonly method?: 'get' | 'post'
  readonly denied?: string
}

function wire(ca: OpensslCa, options: WiringOptions) {
  const now = (): number => Date.now() + (options.aheadMs ?? 0)
  const crls = createCrlSet({ now, skewMs: minuteMs, maxBytes: 1_000_000 })
  const ocsp = createOcspChecker(
    {
      ...defaultOcspOptions,
      responder: options.url,
      method: options.method ?? 'post',
      budgetMs: options.budgetMs ?? 60_000,
    },
    {
      fetch: createFetch({
        allowsHost: createHostRule(['127.0.0.1']),
        allowsAddress: createAddressRule(['127.0.0.1']),
        timeoutMs: options.timeoutMs ?? 60_000,
        maxBytes: 64 * 1024,
        maxRedirects: 0,
      }),
      store: null,
      now,
      startTimer(ms, callback) {
        const timer = setTimeout(callback, ms)
        return () => clearTimeout(timer)
      },
      randomBytes,
      responderProblem: async () => null,
      onAnswer: () => undefined,
      onStoreError: () => undefined,
    },
  )
  after(() => ocsp.close())
  const findDenied = async ({ fingerprint256 }: X509Certificate) =>
    fingerprint256 === options.denied ? { note: 'stolen' } : null
  const checker = createRevocationChecker({ findDenied, crls, ocsp })
  const verdictOf = async (name: string, mode: OcspMode): Promise<string> => {
    const certificate = new X509Certificate(readFileSync(ca.file(`${name}.pem`)))
    const facts = await checker.factsOf({ certificate, issuer: ca.root }, mode)
    const policy = { ocsp: mode, onStaleCrl: 'refuse', graceMs: 0 } as const
    const { verdict, warning } = judgeRevocation(facts, policy, now())
    if (!verdict.ok) return `${verdict.reason}: ${verdict.detail}`
    return warning === null ? 'admitted' : `admitted, ${warning}`
  }
  return { crls, verdictOf }
}

async function responder(ca: OpensslCa, options: AnswerOptions = {}): Promise<string> {
  const started = await startOpensslResponder(ca, options)
  after(() => started.stop())
  return started.url
}

async function listen(handler: RequestListener): Promise<string> {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test(
  '[A00.FR.702] [A00.FR.704] good, revoked and unknown, of the authority and of a delegate, by POST and GET',
  needsOpenssl,
  async () => {
    const ca = makeCa()
    for (const options of [{}, { signer: 'delegate' }]) {
      const url = await responder(ca, options)
      for (const method of ['post', 'get'] as const) {
        const { verdictOf } = wire(ca, { url, method })
        for (const mode of ['soft', 'hard'] as const) {
          assert.equal(await verdictOf('good', mode), 'admitted')
          assert.match(await verdictOf('bad', mode), /^client_cert_revoked: .*2026-01-01.*keyCompromise/)
          assert.match(await verdictOf('stranger', mode), /^revocation_unknown: .*does not know/)
        }
        assert.equal(await verdictOf('bad', 'off'), 'admitted')
      }
    }
  },
)

/** Both modes for a responder that proves nothing. */
async function provesNothing(ca: OpensslCa, options: WiringOptions, code: RegExp): Promise<void> {
  const { crls, verdictOf } = wire(ca, options)
  assert.match(await verdictOf('good', 'soft'), new RegExp(`^admitted, OCSP: ${code.source}`))
  assert.match(await verdictOf('good', 'hard'), new RegExp(`^revocation_unknown: OCSP: ${code.source}`))
  // A current CRL is a proof without the responder.
  assert.equal(crls.load('file', ca.crl(['-crldays', '30'])), null)
  assert.equal(await verdictOf('good', 'hard'), 'admitted')
  assert.match(await verdictOf('bad', 'soft'), /^client_cert_revoked: the CRL says/)
}

test('[A00.FR.704] an expired answer proves nothing', needsOpenssl, async () => {
  const ca = makeCa()
  const url = await responder(ca, { options: ['-nmin', '5'] })
  await provesNothing(ca, { url, aheadMs: 60 * minuteMs }, /expired/)
})

test('[A00.FR.704] the answer of a wrong signer proves nothing', needsOpenssl, async () => {
  const ca = makeCa()
  const url = await responder(ca, { signer: 'server' })
  await provesNothing(ca, { url }, /responder_not_authorized/)
})

test('[A00.FR.704] silence, a slow responder and garbage prove nothing', needsOpenssl, async () => {
  const ca = makeCa()
  const silent = await listen(() => undefined)
  await provesNothing(ca, { url: silent, timeoutMs: 50 }, /timeout/)
  const slow = await listen((_, response) => void response.write('0'))
  await provesNothing(ca, { url: slow, budgetMs: 50 }, /timeout/)
  const garbage = await listen((_, response) => void response.end('<html>'))
  await provesNothing(ca, { url: garbage }, /unreadable/)
  const busy = await listen((_, response) => void response.end(Buffer.from([0x30, 3, 0x0a, 1, 3])))
  await provesNothing(ca, { url: busy }, /responder_status, tryLater/)
  const missing = await listen((_, response) => void response.writeHead(404).end())
  await provesNothing(ca, { url: missing }, /status/)
})

test(
  '[A00.FR.704] the deny list and the CRL are asked first, and the responder not at all then',
  needsOpenssl,
  async () => {
    const ca = makeCa()
    let asked = 0
    const url = await listen((_, response) => {
      asked += 1
      response.end()
    })
    const denied = new X509Certificate(readFileSync(ca.file('good.pem'))).fingerprint256
    const { crls, verdictOf } = wire(ca, { url, denied })
    crls.load('file', ca.crl())
    assert.equal(await verdictOf('good', 'soft'), 'client_cert_revoked: it is on the local deny list: stolen')
    assert.equal(await verdictOf('good', 'off'), 'client_cert_revoked: it is on the local deny list: stolen')
    assert.match(await verdictOf('bad', 'hard'), /^client_cert_revoked: the CRL says/)
    assert.equal(asked, 0)
  },
)

test('[A00.FR.704] a stale CRL is bridged by the responder, and else refuses', needsOpenssl, async () => {
  const ca = makeCa()
  const url = await responder(ca, { options: ['-ndays', '30'] })
  const { crls, verdictOf } = wire(ca, { url, aheadMs: 120 * minuteMs })
  assert.equal(crls.load('file', ca.crl(['-crlhours', '1'])), null)
  assert.equal(await verdictOf('good', 'hard'), 'admitted')
  assert.match(await verdictOf('good', 'off'), /^crl_stale: the CRL is (59|60) minutes past/)
})
