import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CentralSystemConfig, Config } from '../../src/config/schema.ts'
import { upstreamAuthorization } from '../../src/gate/upstream-authorization.ts'
import {
  fillTemplate,
  type RequestOrigin,
  type TemplateValues,
  upstreamHeaders,
} from '../../src/gate/upstream-headers.ts'
import { otherSecret } from '../../src/gate/upstream-secret.ts'
import { seal } from '../../src/store/seal.ts'
import type { ChargePointRecord } from '../../src/store/store.ts'
import { aRecord } from './facts.ts'

const values: TemplateValues = {
  identity: 'CP 1',
  serialNumber: 'SN-1',
  profile: 3,
  certificate: '-----BEGIN CERTIFICATE-----\nAA+/=\n-----END CERTIFICATE-----\n',
  remoteAddress: '192.0.2.1',
  listener: 'mutual-tls',
}
const origin: RequestOrigin = { secure: true, host: 'ocpp.example.com', userAgent: 'CP/1' }

function headersOf(
  config: Partial<CentralSystemConfig> = {},
  more: { values?: Partial<TemplateValues>; origin?: Partial<RequestOrigin>; authorization?: string } = {},
): Record<string, string> {
  const central = { preset: 'generic', headers: {}, ...config } as CentralSystemConfig
  const all = upstreamHeaders(
    central,
    { ...values, ...more.values },
    { ...origin, ...more.origin },
    more.authorization ?? null,
  )
  assert.equal(new Set(all.map(([name]) => name.toLowerCase())).size, all.length, 'no header twice')
  return Object.fromEntries(all)
}

test('what the central system is told of the way', () => {
  assert.deepEqual(headersOf(), {
    'X-Forwarded-For': '192.0.2.1',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'ocpp.example.com',
    Forwarded: 'for=192.0.2.1;proto=https',
    'User-Agent': 'CP/1',
  })
  const plain = headersOf(
    {},
    { values: { remoteAddress: '2001:db8::1' }, origin: { secure: false, host: '', userAgent: undefined } },
  )
  assert.deepEqual(plain, {
    'X-Forwarded-For': '2001:db8::1',
    'X-Forwarded-Proto': 'http',
    Forwarded: 'for="[2001:db8::1]";proto=http',
  })
})

test('templates: every placeholder, absent values, unknown ones', () => {
  assert.equal(
    fillTemplate('{identity}/{serialNumber}/{profile}/{remoteAddress}/{listener}', values),
    'CP 1/SN-1/3/192.0.2.1/mutual-tls',
  )
  assert.equal(
    fillTemplate('a{serialNumber}b{certificate}c', { ...values, serialNumber: null, certificate: null }),
    'abc',
  )
  assert.equal(fillTemplate('{nothing} {constructor} {}', values), '{nothing} {constructor} {}')
  assert.equal(
    fillTemplate('{identity}', { ...values, identity: '{profile}' }),
    '{profile}',
    'values are no templates',
  )
})

test('own headers win over ours, in whatever case; an empty one takes it away', () => {
  const headers = headersOf(
    { headers: { 'x-forwarded-for': '{listener}', 'USER-AGENT': '{serialNumber}', 'X-Own': 'a' } },
    { values: { serialNumber: null } },
  )
  assert.equal(headers['x-forwarded-for'], 'mutual-tls')
  assert.equal(headers['X-Forwarded-For'], undefined)
  assert.equal(headers['User-Agent'], undefined)
  assert.equal(headers['X-Own'], 'a')
})

test('the steve preset sends the certificate, percent-encoded', () => {
  const sent = headersOf({ preset: 'steve' })['X-Client-Cert']
  assert.equal(decodeURIComponent(sent ?? ''), values.certificate)
  assert.equal(headersOf({ preset: 'steve' }, { values: { certificate: null } })['X-Client-Cert'], undefined)
})

test('[CWE-113] nothing that a charge point chooses breaks out of its header', () => {
  const hostile = fc.string({ unit: 'binary', maxLength: 30 }).map((text) => `${text}\r\nX-Evil: 1\n\0`)
  fc.assert(
    fc.property(hostile, hostile, hostile, (identity, userAgent, serialNumber) => {
      const headers = headersOf(
        { preset: 'steve', headers: { 'X-Identity': 'a {identity} {serialNumber}' } },
        { values: { identity, serialNumber }, origin: { userAgent, host: userAgent } },
      )
      for (const value of Object.values(headers)) assert.match(value, /^[\x20-\x7e]*$/)
    }),
  )
})

const key = randomBytes(32)
const identity = { identity: 'CP1', encoded: 'CP1' }
const configOf = (authorization: unknown, sealingKey: Buffer | null = key) =>
  ({ centralSystem: { authorization }, store: { sealingKey } }) as unknown as Config
const admittedAs = (chargePoint: ChargePointRecord, credential: 'current' | 'next' | null = 'current') => ({
  chargePoint,
  credential,
})
const presented = `Basic ${Buffer.from('CP1:s3cret').toString('base64')}`

test('authorization: strip, forward, perChargePoint, fixed', () => {
  const of = (setting: unknown, record = aRecord, header: string | undefined = presented) =>
    upstreamAuthorization(configOf(setting), values, admittedAs(record), header, identity)
  const decoded = (header: string | null) => Buffer.from((header ?? '').slice(6), 'base64').toString()
  assert.equal(of('strip'), null)
  assert.equal(decoded(of('forward')), 'CP1:s3cret')
  assert.equal(of('forward', aRecord, 'Bearer x'), null)
  assert.equal(of('forward', aRecord, `Basic ${Buffer.from('CP2:s3cret').toString('base64')}`), null)
  assert.equal(of('perChargePoint'), null)
  const sealed = { ...aRecord, upstreamSecret: seal(key, 'CP1', Buffer.from('own')) }
  assert.equal(decoded(of('perChargePoint', sealed)), 'CP1:own')
  assert.equal(decoded(of({ username: '{serialNumber}', password: 'fixed' })), 'SN-1:fixed')
  assert.equal(
    upstreamAuthorization(configOf('perChargePoint', null), values, admittedAs(sealed), undefined, identity),
    null,
  )
})

test('[A01.FR.03] the password for the central system follows the login while it is being changed', () => {
  const sealed = (text: string) => seal(key, 'CP1', Buffer.from(text))
  const change = (nextUpstreamSecret: string | null): ChargePointRecord => ({
    ...aRecord,
    upstreamSecret: sealed('old'),
    credentialChange: {
      next: { scheme: 'hmac-sha256', salt: 'c2FsdA==', hash: 'aGFzaA==' },
      nextUpstreamSecret,
      phase: 'offered',
      origin: 'central-system',
      startedAt: 1,
      answeredAt: null,
      oldSeenAt: null,
    },
  })
  const sent = (record: ChargePointRecord, credential: 'current' | 'next' | null) => {
    const config = configOf('perChargePoint')
    const header = upstreamAuthorization(config, values, admittedAs(record, credential), undefined, identity)
    return Buffer.from((header ?? '').slice(6), 'base64').toString()
  }
  const byCentralSystem = change(sealed('new'))
  assert.equal(sent(byCentralSystem, 'current'), 'CP1:old')
  assert.equal(sent(byCentralSystem, 'next'), 'CP1:new')
  assert.equal(sent(byCentralSystem, null), 'CP1:old')
  assert.equal(sent(change(null), 'next'), 'CP1:old', 'an operator changes nothing upstream')
})

test('[A01.FR.03] refused upstream while a password is being changed: the other one, once, both ways', () => {
  const config = configOf('perChargePoint')
  const nextUpstreamSecret = 'sealed new'
  const credentialChange = { nextUpstreamSecret } as ChargePointRecord['credentialChange']
  const record: ChargePointRecord = { ...aRecord, upstreamSecret: 'sealed old', credentialChange }
  const old = { refused: 'sealed old', taken: 'sealed new' }
  const fresh = { refused: 'sealed new', taken: 'sealed old' }
  assert.deepEqual(otherSecret(config, 401, admittedAs(record, 'current')), old)
  assert.deepEqual(otherSecret(config, 403, admittedAs(record, null)), old)
  assert.deepEqual(otherSecret(config, 401, admittedAs(record, 'next')), fresh)
  for (const status of [400, 404, 409, 500]) {
    assert.equal(otherSecret(config, status, admittedAs(record, 'next')), null)
  }
  assert.equal(otherSecret(configOf('strip'), 401, admittedAs(record, 'next')), null)
  assert.equal(otherSecret(config, 401, admittedAs({ ...record, credentialChange: null })), null)
  assert.equal(otherSecret(config, 401, admittedAs({ ...record, upstreamSecret: null }, 'next')), null)
})

test('[A01.FR.08] a sealed password of another charge point, or another key, is an error without the secret', () => {
  const sealed = { ...aRecord, upstreamSecret: seal(key, 'CP2', Buffer.from('s3cret')) }
  for (const config of [configOf('perChargePoint'), configOf('perChargePoint', randomBytes(32))]) {
    assert.throws(
      () => upstreamAuthorization(config, values, admittedAs(sealed), undefined, identity),
      (error: Error) => error.name === 'ProxyError' && !error.message.includes('s3cret'),
    )
  }
})

test('the authorization header is ours, whatever else is configured', () => {
  assert.equal(headersOf({}, { authorization: 'Basic eA==' }).Authorization, 'Basic eA==')
  assert.equal(headersOf().Authorization, undefined)
})
