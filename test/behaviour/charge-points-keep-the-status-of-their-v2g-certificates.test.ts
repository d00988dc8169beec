import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { createMessageSchemas201 } from '../../src/ocpp/message-schemas.ts'
import { wrapRequest } from '../../src/ocpp/plug-and-charge.ts'
import { foreignAuthority } from '../support/foreign-authority.ts'
import { needsOpenssl } from '../support/openssl-ca.ts'
import { startOpensslResponder } from '../support/openssl-responder.ts'
import { type Form, forms, startBothForms } from '../support/plug-and-charge.ts'

const schemas = createMessageSchemas201()

test('a simulated charge point asks about its new V2G certificate and those above it', {
  ...needsOpenssl,
  timeout: 600_000,
}, async (t) => {
  const ca = foreignAuthority(t)
  const isCa = 'basicConstraints=critical,CA:TRUE\n'
  const sub = { serial: '21', days: 100, extensions: isCa }
  ca.issue('sub', sub)
  ca.writeIndex(['sub'])
  const above = await startOpensslResponder(ca)
  t.after(() => above.stop())
  ca.issue('sub', { ...sub, extensions: `${isCa}authorityInfoAccess=OCSP;URI:${above.url}/\n` })
  const below = await startOpensslResponder(ca, { ca: 'sub', signer: 'sub' })
  t.after(() => below.stop())
  const read = (name: string) => readFileSync(ca.file(name), 'utf8')
  const local = { certificate: 'sub.pem', key: 'sub.key', roots: 'root.pem', ocspUrl: `${below.url}/` }
  const files = { 'root.pem': read('root.pem'), 'sub.pem': read('sub.pem'), 'sub.key': read('sub.key') }
  const heard = { DataTransfer: new EventEmitter(), native: new EventEmitter() }
  const sent: { readonly form: Form; readonly action: string; readonly payload: object }[] = []
  const setting = await startBothForms(
    t,
    {
      files,
      plugAndCharge: {
        signCertificate: { mode: 'serve', authority: { local } },
        certificateStatus: {
          ...{ mode: 'serve', hosts: ['127.0.0.1'], networks: ['127.0.0.0/8'] },
          issuers: ['root.pem', 'sub.pem'],
          timeout: '30s',
        },
      },
    },
    (form) => ({
      ...{ plugAndCharge: true, cpoName: 'Example CPO', roots: { v2g: files['root.pem'] } },
      model: { serialNumber: form === 'native' ? 'SN of CP-2' : 'SN-0001' },
      onEvent(event) {
        if (event.kind === 'sent' && event.message.kind === 'call') {
          const { action, payload } = event.message
          sent.push({ form, action, payload })
        }
        if (event.kind === 'received' && JSON.stringify(event).includes('ocspResult'))
          heard[form].emit('status')
      },
    }),
  )
  const { proxy, points, link } = setting
  const statuses = async (form: Form) => {
    await once(heard[form], 'status')
    await once(heard[form], 'status')
    await points[form].heartbeat()
    return points[form].plugAndCharge.ocspResults
  }

  for (const form of forms) {
    const { plugAndCharge } = points[form]
    let first: string | null = null
    await t.test(`[M06.FR.06] [M06.FR.07] its own and the intermediate one, ${form}`, async () => {
      const both = statuses(form)
      assert.equal(await plugAndCharge.requestV2gCertificate(), true)
      const results = await both
      assert.equal(results.size, 2)
      assert.ok([...results.keys()].some((subject) => subject.includes('CN=sub')))
      first = plugAndCharge.v2gChain
      assert.ok(first !== null)
    })
    await t.test(`[M06.FR.07] the next one as well, whoever asked for it, ${form}`, async () => {
      const both = statuses(form)
      const requestedMessage = 'SignV2GCertificate'
      if (form === 'native') await link.call('TriggerMessage', { requestedMessage })
      else
        await proxy.central.send('CP-1', 'DataTransfer', wrapRequest('TriggerMessage', { requestedMessage }))
      assert.equal((await both).size, 2)
      assert.notEqual(plugAndCharge.v2gChain, first)
    })
  }
  await t.test('its messages keep their schemas, and come behind CertificateSigned', () => {
    for (const { form, action, payload } of sent)
      if (form === 'native' && action !== 'Heartbeat') {
        assert.ok(action === 'SignCertificate' || action === 'GetCertificateStatus', action)
        assert.equal(schemas.check(action, 'call', { ...payload }), null)
      }
    const natively = sent.filter(({ form }) => form === 'native').map(({ action }) => action)
    const status = 'GetCertificateStatus'
    const once = ['SignCertificate', status, status, 'Heartbeat']
    assert.deepEqual(natively, [...once, ...once])
    const seen = JSON.stringify([...proxy.centralEvents, ...setting.csms.calls])
    // The triggers were the central systems' own.
    assert.doesNotMatch(seen, /GetCertificateStatus|SignCertificate"/)
  })
})
