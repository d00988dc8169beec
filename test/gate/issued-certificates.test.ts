import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { IssuedCertificates } from '../../src/gate/issued-certificates.ts'
import type { TlsMaterial } from '../../src/gate/tls-material.ts'
import { issueServerCertificate, type ServerCertificateSpec } from '../../src/pki/server-certificate.ts'
import { makeAuthority } from '../support/authority.ts'

const hour = 3_600_000
const root = await makeAuthority()
const other = await makeAuthority({ name: 'Another root' })
const issuersOf = ({ credentials }: typeof root) => {
  const one = { issuer: { ...credentials, chain: [] }, rsaPadding: 'pkcs1' as const }
  return { rsa: one, ec: one }
}
const issuers = issuersOf(root)
const spec: ServerCertificateSpec = {
  names: ['ocpp.example.com', 'other.example.com', '192.0.2.1'],
  organization: 'Example CPO',
  lifetimeMs: 24 * hour,
  keyType: 'p-256',
}

/** A clock and a timer that the test moves; failures that it orders. */
function setUp(jitter = 0) {
  const clock = { at: Date.now() }
  // Timers do not care for the time of day.
  let uptime = 0
  let timer: { at: number; task: () => void } | null = null
  const seen = { renewed: 0, log: [] as string[], results: [] as string[] }
  const fails = { with: null as string | null }
  const issued = new IssuedCertificates({
    now: () => clock.at,
    random: () => jitter,
    log: {
      info: (_: unknown, text?: string) => void seen.log.push(String(text)),
      error: (line: unknown, text?: string) => void seen.log.push(`${text} ${JSON.stringify(line)}`),
    } as never,
    metrics: {
      serverCertificatesIssued: { inc: ({ result }: { result: string }) => void seen.results.push(result) },
    } as never,
    schedule: (ms, task) => {
      const mine = { at: uptime + ms, task }
      timer = mine
      return () => {
        if (timer === mine) timer = null
      }
    },
    renewed: () => {
      seen.renewed += 1
    },
    issue: async (...args) => {
      if (fails.with !== null) throw new Error(fails.with)
      return issueServerCertificate(...args)
    },
  })
  /** Lets the time go by, timers on the way included, each only after what it began is over. */
  const pass = async (ms: number): Promise<void> => {
    const end = uptime + ms
    const goTo = (at: number) => {
      clock.at += at - uptime
      uptime = at
    }
    while (timer !== null && timer.at <= end) {
      const { at, task } = timer
      goTo(at)
      timer = null
      task()
      while (timer === null) await setImmediate()
    }
    goTo(end)
  }
  return { clock, issued, seen, fails, pass, hasTimer: () => timer !== null }
}

const materialOf = (certificates: TlsMaterial['certificates']): TlsMaterial => ({
  certificates,
  trust: null,
  ca: [],
})

test('[A00.FR.510] [A00.FR.512] [A00.FR.508] what is issued: CN, all names, usage, random serial number, less than a day', async () => {
  const { issued, clock } = setUp()
  const rsa = await issued.obtain({ ...spec, keyType: 'rsa-2048', lifetimeMs: 23 * hour }, issuers)
  const ec = await issued.obtain(spec, issuers)
  for (const [one, type] of [
    [rsa, 'rsa'],
    [ec, 'ec'],
  ] as const) {
    const x509 = new X509Certificate(one.certificate)
    assert.match(x509.subject, /^O=Example CPO\nCN=ocpp\.example\.com$/)
    assert.equal(x509.subjectAltName, 'DNS:ocpp.example.com, DNS:other.example.com, IP Address:192.0.2.1')
    assert.equal(x509.publicKey.asymmetricKeyType, type)
    assert.match(x509.serialNumber, /^[4-7][0-9A-F]{31}$/)
    assert.ok(x509.verify(root.x509.publicKey))
    assert.match(one.key, /BEGIN PRIVATE KEY/)
  }
  const { validFromDate, validToDate, serialNumber } = new X509Certificate(rsa.certificate)
  assert.ok(validToDate.getTime() - validFromDate.getTime() < 24 * hour)
  assert.ok(validFromDate.getTime() < clock.at - 4 * 60_000, 'clocks of charge points run late')
  assert.notEqual(serialNumber, new X509Certificate(ec.certificate).serialNumber)
})

test('[A00.FR.701] renewed between a half and two thirds of its life, and taken over', async () => {
  for (const [jitter, before, after] of [
    [0, 11.9, 12.1],
    [1, 15.9, 16.1],
  ] as const) {
    const { issued, seen, pass } = setUp(jitter)
    const first = materialOf([await issued.obtain(spec, issuers)])
    await pass(before * hour)
    assert.equal(issued.current(first), first, 'nothing is newer')
    assert.equal(seen.renewed, 0)
    await pass((after - before) * hour)
    assert.equal(seen.renewed, 1)
    const second = issued.current(first)
    assert.notEqual(second.certificates[0]?.certificate, first.certificates[0]?.certificate)
    assert.notEqual(second.certificates[0]?.key, first.certificates[0]?.key, 'with a new key')
    assert.equal(issued.current(second), second)
    assert.deepEqual(seen.results, ['success', 'success'])
    issued.close()
  }
})

test('[A00.FR.701] while issuing fails the last one stays, operators hear of it, and it is tried again', async () => {
  const { issued, seen, fails, pass, clock } = setUp()
  const first = materialOf([await issued.obtain(spec, issuers)])
  fails.with = 'the issuer is gone'
  await pass(13 * hour)
  assert.equal(issued.current(first), first)
  assert.equal(seen.renewed, 0)
  const note =
    /the server certificate ocpp\.example\.com \(p-256\) cannot be renewed: the issuer is gone; the last one ends at /
  assert.match(issued.notes().join(), note)
  assert.match(seen.log.at(-1) ?? '', /the last one stays .*the issuer is gone/)
  const failures = seen.results.filter((result) => result === 'failure').length
  assert.ok(failures >= 2 && failures <= 10, `${failures} tries in an hour`)
  await pass(12 * hour)
  assert.match(issued.notes().join(), /the last one ended at/)
  assert.equal(issued.current(first), first, 'an expired one is better than none')
  fails.with = null
  await pass(hour)
  assert.deepEqual(issued.notes(), [])
  const last = issued.current(first).certificates[0]
  assert.ok(new X509Certificate(last?.certificate ?? '').validToDate.getTime() > clock.at)
})

test('[A00.FR.701] the clock is looked at every minute: a jump forward or back is noticed', async () => {
  const { issued, seen, pass, clock } = setUp()
  const old = await makeAuthority({ notBefore: clock.at - 99 * hour, days: 30 })
  await issued.obtain(spec, issuersOf(old))
  clock.at += 20 * hour
  await pass(60_000)
  assert.equal(seen.renewed, 1)
  clock.at -= 40 * hour
  await pass(60_000)
  assert.equal(seen.renewed, 2, 'the one of before would not be valid for a day')
})

test('the same wish is one certificate; another name, life, key or issuer is another', async () => {
  const { issued, seen } = setUp()
  const [one, two] = await Promise.all([issued.obtain(spec, issuers), issued.obtain(spec, issuers)])
  assert.equal(one.certificate, two.certificate)
  assert.equal((await issued.obtain(spec, issuers)).certificate, one.certificate)
  const others = await Promise.all([
    issued.obtain({ ...spec, names: ['b.example.com'] }, issuers),
    issued.obtain({ ...spec, lifetimeMs: hour }, issuers),
    issued.obtain({ ...spec, keyType: 'p-384' }, issuers),
    issued.obtain(spec, issuersOf(other)),
  ])
  assert.equal(new Set([one, ...others].map(({ certificate }) => certificate)).size, 5)
  assert.equal(seen.results.length, 5)
})

test('[CWE-770] what no listener shows is forgotten, and its timer with it', async () => {
  const { issued, seen, pass, hasTimer } = setUp()
  const first = materialOf([await issued.obtain(spec, issuers)])
  issued.keep([first])
  assert.ok(hasTimer())
  issued.keep([])
  assert.ok(!hasTimer())
  await pass(48 * hour)
  assert.equal(seen.results.length, 1)
  assert.equal(issued.current(first), first)
})

test('[A00.FR.601] an issuer that ends cuts the life short, and issues nothing any more near its end', async () => {
  const { issued, clock } = setUp()
  const soon = await makeAuthority({ notBefore: clock.at - hour, notAfter: clock.at + 2 * hour })
  const { certificate } = await issued.obtain(spec, issuersOf(soon))
  assert.equal(new X509Certificate(certificate).validTo, soon.x509.validTo)
  const over = await makeAuthority({ notBefore: clock.at - hour, notAfter: clock.at + hour / 2 })
  await assert.rejects(issued.obtain(spec, issuersOf(over)), { code: 'issuing_failed' })
  const future = await makeAuthority({ notBefore: clock.at + hour, notAfter: clock.at + 99 * hour })
  await assert.rejects(issued.obtain(spec, issuersOf(future)), { code: 'issuing_failed' })
})
