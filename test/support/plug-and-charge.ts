import assert from 'node:assert/strict'
import type { X509Certificate } from 'node:crypto'
import type { TestContext } from 'node:test'
import type { Payload } from '../../src/ocpp/message.ts'
import { createMessageSchemas201 } from '../../src/ocpp/message-schemas.ts'
import { type PlugAndChargeMessage, unwrapAnswer, wrapRequest } from '../../src/ocpp/plug-and-charge.ts'
import { certificateHashData, type HashAlgorithm } from '../../src/pki/hash-data.ts'
import type { ChargePoint, ChargePointOptions } from '../../src/simulator/charge-point.ts'
import { both, type Csms201, type StationLink, startCsms201 } from './csms-201.ts'
import { type ProxyOptions, startProxy, type TestProxy } from './proxy.ts'

/** The versions of OCPP, and how they carry the messages of ISO 15118. */
export const forms = ['DataTransfer', 'native'] as const
export type Form = (typeof forms)[number]

/** GetCertificateStatusRequest about a certificate. */
export function statusRequest(
  certificate: X509Certificate,
  issuer: X509Certificate,
  responderURL: string,
  hashAlgorithm: HashAlgorithm = 'SHA256',
): Payload {
  return { ocspRequestData: { ...certificateHashData(certificate, issuer, hashAlgorithm), responderURL } }
}

/** A message in its DataTransfer, and the answer out of its envelope. */
export async function ask(
  chargePoint: Pick<ChargePoint, 'call'>,
  message: PlugAndChargeMessage,
  data: Payload,
  form: 'text' | 'object' = 'text',
): Promise<Payload> {
  const wrapped = wrapRequest(message, data)
  const outcome = await chargePoint.call('DataTransfer', form === 'text' ? wrapped : { ...wrapped, data })
  assert.ok(outcome.kind === 'result', JSON.stringify(outcome))
  assert.equal(typeof outcome.payload.data, 'string', 'strict in what is written')
  const answer = unwrapAnswer(outcome.payload)
  assert.ok(answer.ok, JSON.stringify(outcome.payload))
  return answer.data
}

const schemas = createMessageSchemas201()
type Served = 'Authorize' | 'Get15118EVCertificate' | 'GetCertificateStatus' | 'SignCertificate'

/** The same natively; the answer keeps its schema of OCPP 2.0.1. */
export async function askNatively(
  station: Pick<ChargePoint, 'call'>,
  message: Served,
  data: Payload,
): Promise<Payload> {
  const outcome = await station.call(message, data)
  assert.ok(outcome.kind === 'result', JSON.stringify(outcome))
  assert.equal(schemas.check(message, 'result', outcome.payload), null)
  return outcome.payload
}

/** One charge point of each version at the same proxy, and what they ask about ISO 15118. */
export interface BothForms {
  readonly proxy: TestProxy
  /** The central system of OCPP 2.0.1, by another maker. */
  readonly csms: Csms201
  /** Its word to the charge point of OCPP 2.0.1. */
  readonly link: StationLink
  readonly points: Readonly<Record<Form, ChargePoint>>
  /** Others in their place: after a restart the ports are new. */
  connect(): Promise<void>
  ask(form: Form, message: Served, data: Payload): Promise<Payload>
  /** Neither central system saw anything of ISO 15118. */
  assertUnseen(): void
}

export async function startBothForms(
  t: TestContext,
  options: ProxyOptions,
  pointOptions: (form: Form) => Partial<ChargePointOptions> = () => ({}),
): Promise<BothForms> {
  const csms = await startCsms201(t)
  const proxy = await startProxy(t, {
    listeners: { 'basic-auth-tls': both },
    centralSystem201: { url: csms.url },
    ...options,
  })
  await proxy.register('CP-1')
  await proxy.register('CP-2')
  const make = () => ({
    DataTransfer: proxy.chargePoint('basic-auth-tls', { identity: 'CP-1', ...pointOptions('DataTransfer') }),
    native: proxy.chargePoint('basic-auth-tls', {
      ...{ identity: 'CP-2', subprotocols: ['ocpp2.0.1'] },
      ...pointOptions('native'),
    }),
  })
  const points = make()
  const linked = csms.next()
  for (const form of forms) await points[form].connect()
  const setting = { proxy, csms, points, link: await linked }
  return Object.assign(setting, {
    async connect() {
      setting.points = make()
      for (const form of forms) await setting.points[form].connect()
    },
    ask: (form: Form, message: Served, data: Payload) =>
      form === 'native'
        ? askNatively(setting.points.native, message, data)
        : ask(setting.points.DataTransfer, message, data),
    assertUnseen() {
      const seen = [...proxy.centralEvents, ...csms.calls].map((one) => JSON.stringify(one))
      assert.deepEqual(
        seen.filter((one) => /15118|GetCertificateStatus|SignCertificate|DataTransfer/.test(one)),
        [],
      )
    },
  })
}
