import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startCrlRefresh } from '../../../src/pki/revocation/crl-refresh.ts'
import { type CrlLoadProblem, createCrlSet } from '../../../src/pki/revocation/crl-set.ts'
import type { FetchResult } from '../../../src/pki/revocation/fetch.ts'
import { makeOpensslCa, needsOpenssl } from '../../support/openssl-ca.ts'

const url = 'http://crl.example.com/root.crl'
const hourMs = 3_600_000

test(
  '[A00.FR.704] a CRL of a URL is fetched at once, then in time, and sooner after a failure',
  needsOpenssl,
  async () => {
    const ca = makeOpensslCa()
    after(() => ca.remove())
    ca.writeIndex([])
    const now = Date.now()
    const crls = createCrlSet({ now: () => now, skewMs: 60_000, maxBytes: 100_000 })
    const loads: (CrlLoadProblem | null)[] = []
    const timers: { ms: number; callback: () => void; off: boolean }[] = []
    const answers: FetchResult[] = [
      { ok: false, code: 'timeout', detail: 'silence' },
      { ok: true, body: ca.crl(['-crlhours', '4']) },
      { ok: true, body: Buffer.from('garbage') },
      { ok: true, body: ca.crl(['-crldays', '7']) },
    ]
    const refresh = startCrlRefresh(
      { urls: [url], minMs: 60_000, maxMs: 6 * hourMs },
      {
        fetch: async () => answers.shift() ?? { ok: false, code: 'network', detail: 'gone' },
        crls,
        now: () => now,
        startTimer(ms, callback) {
          const timer = { ms, callback, off: false }
          timers.push(timer)
          return () => {
            timer.off = true
          }
        },
        onLoad: (_, problem) => loads.push(problem),
      },
    )
    const next = async (): Promise<number> => {
      const seen = loads.length
      timers.at(-1)?.callback()
      while (loads.length === seen) await new Promise(setImmediate)
      return timers.at(-1)?.ms ?? 0
    }
    while (loads.length === 0) await new Promise(setImmediate)
    assert.deepEqual(loads, [{ code: 'fetch', detail: 'timeout: silence' }])
    assert.equal(timers.at(-1)?.ms, 60_000)
    assert.ok(Math.abs((await next()) - 2 * hourMs) < 60_000)
    assert.equal(crls.states()[0]?.problem, null)
    assert.equal(await next(), 60_000)
    assert.equal(crls.states()[0]?.problem?.code, 'unreadable')
    assert.equal(await next(), 6 * hourMs)
    await refresh.refreshNow()
    assert.deepEqual(
      timers.map(({ off }) => off),
      [true, true, true, true, false],
    )
    refresh.close()
    assert.ok(timers.every(({ off }) => off))
  },
)
