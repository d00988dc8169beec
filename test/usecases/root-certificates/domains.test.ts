import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setUp } from '../operation/setting.ts'
import { operator, rootOf } from './setting.ts'

test('[M05.FR.01] a root of the one domain of trust is not installed in the other', async (t) => {
  const setting = await setUp(t)
  const [ours, theirs] = [await rootOf('CPO root'), await rootOf('V2G root')]
  setting.trusted.push(ours.certificate)
  setting.vehicles.push('no certificate', theirs.certificate)
  const session = setting.connect()
  for (const [certificateType, { certificate }] of [
    ['V2GRootCertificate', ours],
    ['MORootCertificate', ours],
    ['CentralSystemRootCertificate', theirs],
  ] as const) {
    const options = { ...operator, certificateType, certificate, preflight: false }
    const outcome = await setting.changes.operations.installRoot('CP1', options)
    assert.partialDeepStrictEqual(outcome, { ok: false, code: 'prerequisite' })
    assert.match(outcome.detail, /\(root_other_domain\).*was another --type meant/)
  }
  assert.deepEqual(session.calls, [])
})
