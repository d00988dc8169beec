import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallOutcome } from '../../../src/relay/use-case.ts'
import type { OperationOutcome } from '../../../src/usecases/operation/operation.ts'
import { callError, type Setting, setUp, status } from '../operation/setting.ts'
import {
  central,
  configured,
  hashDataOf,
  listed,
  maker,
  operator,
  result,
  rootOf,
  script,
  signedBy,
} from './setting.ts'

const errorOf = (code: string): CallOutcome => ({ kind: 'error', code, description: 'x', details: {} })
const [get, ids, install] = ['GetConfiguration', 'GetInstalledCertificateIds', 'InstallCertificate'] as const

/** Installs over a new session; the answers come in order. */
async function run(
  setting: Setting,
  options: object,
  ...answers: readonly (readonly [string, CallOutcome])[]
): Promise<OperationOutcome> {
  const session = setting.connect()
  const asked = setting.changes.operations.installRoot('CP1', {
    ...operator,
    ...central,
    ...options,
  } as never)
  await script(session, ...answers)
  const outcome = await asked
  assert.deepEqual(session.calls.length, answers.length, 'nothing else was sent')
  return outcome
}

test('[M05.FR.01][M05.FR.02] it is sent as one PEM, accepted, and seen in the list', async (t) => {
  const setting = await setUp(t)
  const root = await rootOf('one')
  const session = setting.connect()
  const asked = setting.changes.operations.installRoot('CP1', {
    ...operator,
    ...maker,
    certificate: `a note before it\n${root.certificate}\n`,
  })
  await script(session, [get, configured()], [ids, listed()], [install, status('Accepted')])
  await script(session, [ids, listed(hashDataOf(root))])
  assert.deepEqual(await asked, { ok: true, detail: 'it has installed the root certificate, and lists it' })
  assert.deepEqual(session.calls[2]?.payload, {
    certificateType: 'ManufacturerRootCertificate',
    certificate: root.certificate,
  })
  assert.match(setting.events.at(-1)?.techInfo ?? '', /^ManufacturerRootCertificate installed and listed/)
})

test('[M05.FR.01] one that is there is not sent again, whoever asks', async (t) => {
  const setting = await setUp(t)
  const root = await rootOf('one')
  const outcome = await run(
    setting,
    { certificate: root.certificate },
    [get, configured()],
    [ids, listed(hashDataOf(root, root, 'SHA512'))],
  )
  assert.deepEqual(outcome, { ok: true, detail: 'it has this root certificate already' })
})

test('[M05.FR.03][M05.FR.06][M05.FR.07] Failed, Rejected and errors are told, and nothing is asked afterwards', async (t) => {
  const setting = await setUp(t)
  const { certificate } = await rootOf('one')
  const full = configured({ CertificateStoreMaxLength: '1' })
  const other = hashDataOf(await rootOf('other'))
  for (const [outcome, code, detail] of [
    [status('Failed'), 'refused', /Failed/],
    [status('Rejected'), 'refused', /its store is full.*it holds 1 of this type, and 1 in all at most/],
    [status('NotFound'), 'error_answer', /does not know/],
    [callError, 'not_supported', /NotImplemented/],
    [errorOf('SecurityError'), 'error_answer', /SecurityError/],
    [{ kind: 'no-answer', detail: 'the session ended' }, 'no_answer', /the session ended/],
    [{ kind: 'not-sent', detail: 'the line was lost' }, 'not_sent', /the line was lost/],
  ] as const) {
    const got = await run(setting, { certificate }, [get, full], [ids, listed(other)], [install, outcome])
    assert.ok(!got.ok)
    assert.equal(got.code, code, got.detail)
    assert.match(got.detail, detail)
  }
  assert.deepEqual(setting.events, [])
})

test('[M05.FR.02] Accepted alone proves nothing; an answer that says nothing may have done it', async (t) => {
  const setting = await setUp(t)
  const root = await rootOf('one')
  const { certificate } = root
  const own = hashDataOf(root)
  const wrongHash = { ...own, issuerKeyHash: '00' }
  const silent = { kind: 'no-answer', detail: 'in time' } as const
  const internal = errorOf('InternalError')
  for (const [answer, list, code, detail] of [
    [status('Accepted'), listed(), 'not_verified', /does not list it among its 0/],
    [status('Accepted'), listed(wrongHash), 'not_verified', /hashes that are not those of the standard/],
    [status('Accepted'), callError, 'not_verified', /GetInstalledCertificateIds: .*NotImplemented/],
    [status('Accepted'), silent, 'no_answer', /it answered Accepted; .*in time/],
    [internal, listed(), 'no_answer', /says nothing/],
    [result({ status: 7 }), listed(), 'no_answer', /says nothing/],
  ] as const) {
    const got = await run(
      setting,
      { certificate },
      [get, configured()],
      [ids, listed()],
      [install, answer],
      [ids, list],
    )
    assert.ok(!got.ok)
    assert.equal(got.code, code, got.detail)
    assert.match(got.detail, detail)
  }
  const done = await run(
    setting,
    { certificate },
    [get, configured()],
    [ids, listed()],
    [install, internal],
    [ids, listed(own)],
  )
  assert.equal(done.ok, true)
})

test('[M05.FR.10][M05.FR.11] with AdditionalRootCertificateCheck the old root must have signed the new one', async (t) => {
  const setting = await setUp(t)
  const old = await rootOf('old')
  const [next, stranger] = [await signedBy(old, 'next'), await rootOf('stranger')]
  const checked = configured({ additionalrootcertificatecheck: 'True' })
  const present = [ids, listed(hashDataOf(old))] as const
  const refused = async (options: object, code: RegExp) => {
    const got = await run(setting, options, [get, checked], present)
    assert.ok(!got.ok)
    assert.equal(got.code, 'prerequisite')
    assert.match(got.detail, code)
  }
  await refused({ certificate: next.certificate }, /root_old_unknown/)
  await refused({ certificate: stranger.certificate }, /root_old_unknown/)
  const oldRoot = old.certificate
  await refused({ certificate: next.certificate, oldRoot: stranger.certificate }, /root_old_unknown/)
  await refused({ certificate: stranger.certificate, oldRoot }, /root_not_signed_by_old/)
  // The old one is known from now on.
  const installed = [ids, listed(hashDataOf(next, old))] as const
  const got = await run(
    setting,
    { certificate: next.certificate },
    [get, checked],
    present,
    [install, status('Accepted')],
    installed,
  )
  assert.equal(got.ok, true)
  const first = [get, checked] as const
  const empty = await run(
    setting,
    { certificate: stranger.certificate },
    first,
    [ids, listed()],
    [install, status('Accepted')],
    [ids, listed(hashDataOf(stranger))],
  )
  assert.equal(empty.ok, true, 'nothing has to sign the first one')
})

test('[M05.FR.10] without that check a root signs itself', async (t) => {
  const setting = await setUp(t)
  const old = await rootOf('old')
  const next = await signedBy(old, 'next')
  for (const [options, configuration] of [
    [central, configured({ AdditionalRootCertificateCheck: 'false' })],
    [central, callError],
    [maker, configured({ AdditionalRootCertificateCheck: 'true' })],
  ] as const) {
    const given = { ...options, certificate: next.certificate, oldRoot: old.certificate }
    const got = await run(setting, given, [get, configuration], [ids, listed(hashDataOf(old))])
    assert.ok(!got.ok && /root_not_self_signed/.test(got.detail), JSON.stringify(got))
  }
})

test('[M05.FR.01] what nobody answers before stops it; a test tool is asked nothing before', async (t) => {
  const setting = await setUp(t)
  const root = await rootOf('one')
  const { certificate } = root
  const silent = { kind: 'no-answer', detail: 'in time' } as const
  const unasked = await run(setting, { certificate }, [get, silent])
  assert.partialDeepStrictEqual(unasked, { ok: false, code: 'not_sent' })
  const unlisted = await run(setting, { certificate }, [get, configured()], [ids, silent])
  assert.partialDeepStrictEqual(unlisted, { ok: false, code: 'not_sent' })
  const unable = await run(setting, { certificate }, [get, configured()], [ids, callError])
  assert.partialDeepStrictEqual(unable, { ok: false, code: 'not_supported' })
  const tool = { certificate, preflight: false }
  const done = await run(setting, tool, [install, status('Accepted')], [ids, listed(hashDataOf(root))])
  assert.equal(done.ok, true)
  const next = await signedBy(root, 'next')
  const signed = { certificate: next.certificate, preflight: false }
  const also = await run(
    setting,
    signed,
    [install, status('Accepted')],
    [ids, listed(hashDataOf(next, root))],
  )
  assert.equal(also.ok, true, 'a known root has signed it')
  const stranger = await signedBy(await rootOf('stranger'), 'far')
  const not = await run(setting, { certificate: stranger.certificate, preflight: false })
  assert.ok(!not.ok && /root_not_self_signed/.test(not.detail))
})

test('[M05.FR.10] a root of the configuration is known without being given, and kept once it was met', async (t) => {
  const setting = await setUp(t)
  const old = await rootOf('old')
  const next = await signedBy(old, 'next')
  setting.trusted.push('no certificate', old.certificate)
  assert.deepEqual(await setting.store.roots.known(), [])
  const done = await run(
    setting,
    { certificate: next.certificate },
    [get, configured({ AdditionalRootCertificateCheck: 'true' })],
    [ids, listed(hashDataOf(old))],
    [install, status('Accepted')],
    [ids, listed(hashDataOf(next, old), hashDataOf(old))],
  )
  assert.equal(done.ok, true)
  const known = await setting.store.roots.known()
  assert.deepEqual(known.map(({ subject }) => /CN=(\w+)/.exec(subject)?.[1]).sort(), ['next', 'old'])
})
