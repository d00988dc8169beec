import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createLogger } from '../../../src/observe/log.ts'
import type { FetchResult } from '../../../src/pki/revocation/fetch.ts'
import type { FirmwareEntry } from '../../../src/store/store.ts'
import { readSigningChain, signingCertificateOf } from '../../../src/usecases/signed-firmware/certificate.ts'
import { createFirmwareVerifier } from '../../../src/usecases/signed-firmware/verifier.ts'
import { type Maker, makeMaker } from '../../support/firmware.ts'

interface Setting {
  readonly maker: Maker
  readonly entries: Map<string, FirmwareEntry>
  /** Fetches that wait for `answer`. */
  readonly waiting: ((result: FetchResult) => void)[]
  fetches: number
  now: number
  mode: 'always' | 'once' | 'off'
  verify(entry: FirmwareEntry, fetch?: boolean): Promise<readonly string[]>
}

/** The real rules; files and time are given. `holds`: fetches end when the test says so. */
async function setUp(t: TestContext, holds = false): Promise<Setting> {
  const maker = await makeMaker(t)
  const entries = new Map<string, FirmwareEntry>()
  const setting: Setting = {
    maker,
    entries,
    waiting: [],
    fetches: 0,
    now: Date.now(),
    mode: 'always',
    async verify(entry, fetch) {
      entries.set(entry.name, entry)
      const options = fetch === undefined ? {} : { fetch }
      return (await verifier.verify(entry, entry.location, options)).map(({ code }) => code)
    },
  }
  const verifier = createFirmwareVerifier({
    firmware: {
      get: async (name: string) => entries.get(name) ?? null,
      put: async (entry: FirmwareEntry) => void entries.set(entry.name, entry),
    } as Parameters<typeof createFirmwareVerifier>[0]['firmware'],
    trust: () => [maker.root.x509],
    revoked: async () => null,
    now: () => setting.now,
    verifyImage: () => setting.mode,
    fetchImage: (_url, sink) => {
      setting.fetches += 1
      sink(maker.image)
      if (!holds) return Promise.resolve({ ok: true, body: Buffer.alloc(0) })
      return new Promise((resolve) => setting.waiting.push(resolve))
    },
    log: createLogger('silent'),
  })
  return setting
}

test('[A00.FR.706] a fleet that asks at once costs one fetch, and none for a minute', async (t) => {
  const s = await setUp(t, true)
  const entry = s.maker.entry()
  const all = Array.from({ length: 50 }, () => s.verify(entry))
  while (s.waiting.length === 0) await new Promise(setImmediate)
  s.waiting[0]?.({ ok: true, body: Buffer.alloc(0) })
  assert.deepEqual(new Set((await Promise.all(all)).map(String)), new Set(['']))
  assert.equal(s.fetches, 1)
  await s.verify(entry)
  assert.equal(s.fetches, 1)
  s.now += 61_000
  const later = s.verify(entry)
  while (s.waiting.length === 1) await new Promise(setImmediate)
  s.waiting[1]?.({ ok: false, code: 'network', detail: 'gone' })
  assert.deepEqual(await later, ['image_unreachable'])
  assert.match(String(s.entries.get('v2')?.problem), /^image_unreachable: gone/)
})

test('[A00.FR.706] who verifies on purpose gets a fresh look', async (t) => {
  const s = await setUp(t)
  assert.deepEqual([await s.verify(s.maker.entry()), s.fetches], [[], 1])
  assert.deepEqual([await s.verify(s.maker.entry(), true), s.fetches], [[], 2])
  assert.ok((s.entries.get('v2')?.verifiedAt ?? 0) > 0)
})

test('[CWE-770] images that are fetched at once are bounded; a fleet with an image each waits its turn', async (t) => {
  const s = await setUp(t, true)
  const entryOf = (index: number) =>
    s.maker.entry({ name: `v${index}`, location: `https://files.example/${index}` })
  const last = entryOf(1007)
  const all = Array.from({ length: 1008 }, (_, index) => s.verify(index === 1007 ? last : entryOf(index)))
  while (s.waiting.length < 8) await new Promise(setImmediate)
  assert.deepEqual(await s.verify(entryOf(2000)), ['image_unreachable'])
  assert.equal(s.fetches, 8)
  for (let done = 0; done < all.length; done += 1) {
    while (s.waiting[done] === undefined) await new Promise(setImmediate)
    s.waiting[done]?.({ ok: true, body: Buffer.alloc(0) })
  }
  assert.deepEqual(new Set((await Promise.all(all)).map(String)), new Set(['']))
  assert.deepEqual([await s.verify(last), s.fetches], [[], 1008], 'they are remembered')
})

const modes: readonly (readonly [Setting['mode'], number | null, number])[] = [
  ['always', 1, 1],
  ['once', 1, 0],
  ['once', null, 1],
  ['off', null, 0],
]
for (const [mode, verifiedAt, fetches] of modes) {
  test(`[A00.FR.706] verifyImage ${mode}, verified ${verifiedAt === null ? 'never' : 'before'}: ${fetches} fetches`, async (t) => {
    const s = await setUp(t)
    s.mode = mode
    assert.deepEqual(await s.verify(s.maker.entry({ verifiedAt })), [])
    assert.equal(s.fetches, fetches)
  })
}

test('what was found is not kept of an entry that was replaced meanwhile', async (t) => {
  const s = await setUp(t, true)
  const found = s.verify(s.maker.entry())
  while (s.waiting.length === 0) await new Promise(setImmediate)
  const other = s.maker.entry({ sha256: 'b'.repeat(64) })
  s.entries.set('v2', other)
  s.waiting[0]?.({ ok: false, code: 'network', detail: 'gone' })
  assert.deepEqual(await found, ['image_unreachable'])
  assert.deepEqual(s.entries.get('v2'), other)
})

test('[L01.FR.11] a charge point gets the whole chain where it fits, else the signing certificate', async (t) => {
  const { signer, root } = await makeMaker(t)
  const two = signer.certificate + root.certificate
  assert.equal(signingCertificateOf(two), two)
  const many = signer.certificate + root.certificate.repeat(8)
  assert.ok(many.length > 5500)
  assert.equal(signingCertificateOf(many), signer.certificate)
})

test('what is no chain of certificates is named', () => {
  for (const text of ['', 'x', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n']) {
    const read = readSigningChain(text)
    assert.ok('code' in read && read.code === 'certificate_unreadable', text)
  }
})
