import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashAlgorithms } from '../../src/pki/hash-data.ts'
import { dayMs } from '../../src/pki/profiles.ts'
import type { Answer } from '../../src/simulator/endpoint.ts'
import { obedientRoots, type RootBehaviour, rootCommands } from '../../src/simulator/root-commands.ts'
import { createRootStore, type RootSettings } from '../../src/simulator/root-store.ts'
import { makeAuthority } from '../support/authority.ts'
import { hashDataOf } from '../usecases/root-certificates/setting.ts'

const central = 'CentralSystemRootCertificate'
const maker = 'ManufacturerRootCertificate'
const old = await makeAuthority({ name: 'old' })
const next = await old.intermediate({ name: 'next' })
const stranger = await makeAuthority({ name: 'stranger' })

function begin(settings: Partial<RootSettings> = {}, given: Partial<RootBehaviour> = {}) {
  let changes = 0
  const events: string[] = []
  const behaviour = { ...obedientRoots, ...given }
  const store = createRootStore(
    { centralSystem: old.certificate, ...settings },
    () => {
      changes += 1
    },
    Date.now,
  )
  const commands = rootCommands({
    store,
    behaviour: () => behaviour,
    raise: (event) => events.push(event),
    acted: () => {},
    note: () => {},
  })
  const ask = (action: string, payload: object): Answer => {
    const answer = commands[action]?.(payload as never, undefined as never)
    assert.ok(answer !== undefined)
    if ('afterwards' in answer) answer.afterwards?.()
    return answer
  }
  const word = (answer: Answer) =>
    answer.kind === 'result' ? answer.payload.status : answer.kind === 'error' ? answer.code : 'none'
  return {
    store,
    events,
    changes: () => changes,
    ask,
    list: (certificateType = central) => ask('GetInstalledCertificateIds', { certificateType }),
    install: (certificate: string, certificateType = central) =>
      word(ask('InstallCertificate', { certificateType, certificate })),
    remove: (certificateHashData: object) => word(ask('DeleteCertificate', { certificateHashData })),
  }
}

for (const hashAlgorithm of hashAlgorithms) {
  test(`[M03.FR.01][M03.FR.03][M03.FR.04] it lists what it has, with ${hashAlgorithm}`, () => {
    const { list } = begin({
      hashAlgorithm,
      manufacturer: [stranger.certificate, next.certificate, old.certificate],
    })
    const certificateHashData = [hashDataOf(old, old, hashAlgorithm)]
    assert.deepEqual(list(), { kind: 'result', payload: { status: 'Accepted', certificateHashData } })
    assert.partialDeepStrictEqual(list(maker), {
      payload: { certificateHashData: [{}, hashDataOf(next, old, hashAlgorithm), {}] },
    })
  })
}

test('[M03.FR.02] with nothing of the type it says NotFound', () => {
  const { list } = begin()
  assert.deepEqual(list(maker), { kind: 'result', payload: { status: 'NotFound' } })
})

test('[M05.FR.01][M05.FR.02] it installs beside the others, and trusts them all', () => {
  const { install, list, store, changes } = begin()
  assert.equal(store.trusted(), old.certificate)
  assert.equal(install(stranger.certificate), 'Accepted')
  assert.equal(install(stranger.certificate), 'Accepted', 'the same again takes its own place')
  assert.equal(install(old.certificate, maker), 'Accepted')
  assert.deepEqual(store.trusted(), [old.certificate, stranger.certificate])
  assert.equal(changes(), 1, 'servers are judged by roots of the central system only')
  assert.partialDeepStrictEqual(list(), {
    payload: { certificateHashData: [hashDataOf(old), hashDataOf(stranger)] },
  })
})

test('[M05.FR.06] a full store says Rejected, and raises nothing', () => {
  const { install, events } = begin({ maxLength: 2 })
  assert.equal(install(stranger.certificate, maker), 'Accepted')
  assert.equal(install(next.certificate, maker), 'Rejected')
  assert.deepEqual(events, [])
})

test('[M05.FR.07][TC_078_CSMS] an invalid certificate is Rejected, with an event where it is for servers', async () => {
  const server = await old.server()
  const gone = await makeAuthority({ notBefore: Date.now() - 2 * dayMs, notAfter: Date.now() - dayMs })
  for (const bad of ['nothing', server.certificate, gone.certificate, old.certificate + next.certificate]) {
    const { install, events } = begin()
    assert.equal(install(bad), 'Rejected')
    assert.equal(install(bad, maker), 'Rejected')
    assert.deepEqual(events, ['InvalidCentralSystemCertificate'])
  }
})

test('[M05.FR.09][M05.FR.10][M05.FR.11][M05.FR.12] with AdditionalRootCertificateCheck the old root signs the new one', () => {
  const { install, list, store } = begin({ additionalCheck: true })
  assert.equal(install(stranger.certificate), 'Rejected')
  assert.deepEqual(store.trusted(), [old.certificate])
  assert.equal(install(next.certificate), 'Accepted')
  assert.deepEqual(store.trusted(), [next.certificate])
  assert.partialDeepStrictEqual(list(), {
    payload: { certificateHashData: [hashDataOf(next, old), hashDataOf(old)] },
  })
  assert.equal(install(stranger.certificate, maker), 'Accepted', 'the check is about servers')
})

test('[M05.FR.13] the old root goes after the first connection by the new one', () => {
  const { install, store, list } = begin({ additionalCheck: true })
  install(next.certificate)
  store.connected()
  assert.deepEqual(store.trusted(), [next.certificate])
  assert.deepEqual(list(), {
    kind: 'result',
    payload: { status: 'Accepted', certificateHashData: [hashDataOf(next, old)] },
  })
  assert.equal(store.refused(), false, 'there is nothing to fall back to')
})

test('[M05.FR.14] the old root is tried once when the server does not lead to the new one', () => {
  const { install, store } = begin({ additionalCheck: true })
  install(next.certificate)
  assert.equal(store.refused(), true)
  assert.deepEqual(store.trusted(), [old.certificate])
  store.connected()
  assert.deepEqual(store.trusted(), [next.certificate], 'the new one first, the next time')
  assert.equal(store.refused(), true, 'the old one was kept')
  assert.equal(store.refused(), false, 'it is not tried for ever')
  assert.deepEqual(store.trusted(), [next.certificate])
})

test('[M04.FR.01][M04.FR.02][M04.FR.04] it deletes what it is told exactly, in whatever form', () => {
  const { remove, store, install } = begin({ hashAlgorithm: 'SHA512' })
  install(stranger.certificate)
  const data = hashDataOf(stranger, stranger, 'SHA512')
  assert.equal(remove(hashDataOf(stranger)), 'NotFound', 'another algorithm is another name')
  assert.equal(remove({ ...data, serialNumber: `00${data.serialNumber.toUpperCase()}` }), 'Accepted')
  assert.equal(remove(data), 'NotFound')
  assert.equal(remove(hashDataOf(old, old, 'SHA512')), 'Accepted')
  assert.equal(store.hasCentralSystemRoot, false)
  assert.deepEqual(store.trusted(), [], 'it trusts nobody now, and not everybody')
})

test('[M04.FR.06] its own certificate cannot be deleted', async () => {
  const own = await old.chargePoint()
  const { remove } = begin()
  const data = hashDataOf({ ...old, x509: own.x509 }, old)
  assert.equal(remove(data), 'NotFound')
})

test('[M04.FR.03][M05.FR.03][CWE-20] it fails as it is told to, and malformed messages are errors', () => {
  for (const [fault, list, install, remove] of [
    ['refuse', 'NotFound', 'Rejected', 'Failed'],
    ['failed', 'InternalError', 'Failed', 'Failed'],
    ['not-found', 'NotFound', 'Failed', 'NotFound'],
    ['pretend', 'Accepted', 'Accepted', 'Accepted'],
    ['silent', 'none', 'none', 'none'],
    ['error', 'InternalError', 'InternalError', 'InternalError'],
  ] as const) {
    const it = begin({}, { list: fault, install: fault, remove: fault })
    const answer = it.list()
    const word =
      answer.kind === 'result' ? answer.payload.status : answer.kind === 'error' ? answer.code : 'none'
    assert.deepEqual(
      [word, it.install(stranger.certificate), it.remove(hashDataOf(old))],
      [list, install, remove],
      fault,
    )
  }
  const { ask } = begin()
  for (const [action, payload] of [
    ['GetInstalledCertificateIds', {}],
    ['GetInstalledCertificateIds', { certificateType: ['CentralSystemRootCertificate'] }],
    ['InstallCertificate', { certificateType: central }],
    ['InstallCertificate', { certificateType: 'V2G', certificate: old.certificate }],
    ['DeleteCertificate', {}],
    ['DeleteCertificate', { certificateHashData: { ...hashDataOf(old), hashAlgorithm: 'MD5' } }],
  ] as const) {
    assert.equal(ask(action, payload).kind, 'error')
  }
})

test('[M03.FR.04] it writes hash data in upper case, and with leading zeros', () => {
  const upper = begin({}, { form: 'upper' }).list()
  const { issuerNameHash, serialNumber } = hashDataOf(old)
  assert.partialDeepStrictEqual(upper, {
    payload: { certificateHashData: [{ issuerNameHash: issuerNameHash.toUpperCase() }] },
  })
  const zeros = begin({}, { form: 'leading-zeros' }).list()
  assert.partialDeepStrictEqual(zeros, {
    payload: { certificateHashData: [{ serialNumber: serialNumber.padStart(40, '0') }] },
  })
})
