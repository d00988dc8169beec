import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { FastifyRequest } from 'fastify'
import { createTokenCheck } from '../../src/admin/auth.ts'
import type { ProxyEvent } from '../../src/events/proxy-event.ts'
import { createLogger } from '../../src/observe/log.ts'

function setUp(token: string | null) {
  const notes: ProxyEvent[] = []
  const clock = { now: 0 }
  const tokens = createTokenCheck({
    token: () => token,
    note: (event) => void notes.push(event),
    log: createLogger('silent', { write: () => {} }),
    now: () => clock.now,
  })
  return { tokens, notes, clock }
}

function request(authorization: string | undefined, ip = '192.0.2.1'): FastifyRequest {
  return { ip, headers: authorization === undefined ? {} : { authorization } } as FastifyRequest
}

const refused = { code: 'token_refused' }

test('[CWE-287] a token is right byte by byte, and in no other form', () => {
  const { tokens } = setUp('täg €')
  const right = Buffer.from('täg €').toString('latin1')
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) tokens.check(request(`${scheme} ${right}`))
  const wrong = [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    right,
    `Basic ${right}`,
    `Bearer ${right}x`,
    'Bearer täg €',
  ]
  for (const header of wrong) assert.throws(() => tokens.check(request(header)), refused, String(header))
})

test('[CWE-287] no other text is taken for the token', () => {
  const { tokens } = setUp('the token')
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      fc.pre(text.trim() !== 'the token')
      assert.throws(() => tokens.check(request(`Bearer ${text}`)), refused)
    }),
  )
})

test('[CWE-287] an empty token of the request is never right', () => {
  assert.throws(() => setUp('').tokens.check(request(undefined, '192.0.2.2')), refused)
})

test('[CWE-400] refusals from many addresses are few events', () => {
  const { tokens, notes, clock } = setUp('token')
  const flood = () => {
    for (let i = 0; i < 5000; i++) assert.throws(() => tokens.check(request(undefined, `2001:db8::${i}`)))
  }
  flood()
  assert.equal(notes.length, 60)
  clock.now = 60_000
  flood()
  assert.equal(notes.length, 120)
})
