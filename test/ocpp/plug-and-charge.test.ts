import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  plugAndChargeVendorId,
  unwrapAnswer,
  unwrapRequest,
  wrapAnswer,
  wrapRequest,
} from '../../src/ocpp/plug-and-charge.ts'

const vendorId = plugAndChargeVendorId

test('a message goes into a DataTransfer as text, and comes out of it as text or object', () => {
  const data = { ocspRequestData: { hashAlgorithm: 'SHA256' } }
  const wrapped = wrapRequest('GetCertificateStatus', data)
  assert.deepEqual(wrapped, { vendorId, messageId: 'GetCertificateStatus', data: JSON.stringify(data) })
  const message = { message: 'GetCertificateStatus', data }
  assert.deepEqual(unwrapRequest(wrapped), message)
  assert.deepEqual(unwrapRequest({ ...wrapped, data }), message)
})

test('names are read whatever their case: they are CiStrings', () => {
  const wrapped = { vendorId: 'org.OpenChargeAlliance.ISO15118PnC', messageId: 'getcertificatestatus' }
  assert.deepEqual(unwrapRequest({ ...wrapped, data: {} }), { message: 'GetCertificateStatus', data: {} })
})

test('other vendors and unknown messages are not ours', () => {
  for (const payload of [
    {},
    { vendorId: 'com.example', messageId: 'GetCertificateStatus' },
    { vendorId, messageId: 'GetCertificateStatuses' },
    { vendorId: [vendorId], messageId: 'GetCertificateStatus' },
    { vendorId },
  ])
    assert.equal(unwrapRequest(payload), null)
})

test('data that cannot be read are null', () => {
  for (const data of [undefined, null, 7, 'x', '[]', '"text"', [], `"${'x'.repeat(70_000)}"`])
    assert.deepEqual(unwrapRequest({ vendorId, messageId: 'Authorize', data }), {
      message: 'Authorize',
      data: null,
    })
})

test('an answer is read out of text or object, and a status in its place is named', () => {
  const data = { status: 'Failed' }
  assert.deepEqual(unwrapAnswer(wrapAnswer(data)), { ok: true, data })
  assert.deepEqual(unwrapAnswer({ status: 'Accepted', data }), { ok: true, data })
  assert.deepEqual(unwrapAnswer({ status: 'Accepted' }), { ok: false, status: 'Accepted without data' })
  assert.deepEqual(unwrapAnswer({ status: 'UnknownVendorId' }), { ok: false, status: 'UnknownVendorId' })
  assert.deepEqual(unwrapAnswer({ status: 7 }), { ok: false, status: '' })
})
