import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'
import { assertUnauthorized, Octt, play, type Sender, type Step } from './octt.ts'

/** A00.FR.205: hexadecimal digits of 16 to 20 bytes. Returns the bytes. */
function keyOf({ key, value }: Readonly<Record<string, unknown>>): Buffer {
  assert.equal(key, 'AuthorizationKey')
  assert.match(String(value), /^(?:[0-9A-F]{2}){16,20}$/i)
  return Buffer.from(String(value), 'hex')
}

/** The OCTT sends the digits of printable bytes; the standard has random ones (facts, 4.1). */
const keys = [
  ['random bytes', randomBytes(20)],
  ['printable bytes', Buffer.from(randomBytes(9).toString('hex').slice(0, 17))],
] as const

test('[TC_073_CSMS] the password of the tool is changed', async (t) => {
  const boss = operator(t)
  const proxy = await startProxy(t, { admin: boss.section })
  let tools = 0

  for (const listener of ['basic-auth', 'basic-auth-tls'] as const) {
    /** A tool that is served with the password that it has. */
    const begin = async () => {
      tools += 1
      const tool = new Octt(t, proxy, `CP-${tools}`)
      const old = await proxy.register(tool.identity)
      const first: Step = [
        '[TC_073_CSMS] it connects with the password that it has',
        async () => {
          await tool.connect(listener, { password: old })
          await tool.boot()
        },
      ]
      const rotate = () => boss.ask(proxy, 'POST', `/charge-points/${tool.identity}/password`, {})
      const set = (key: Buffer) =>
        proxy.central.changeConfiguration(tool.identity, 'AuthorizationKey', key.toString('hex'))
      const oldIsRefused: Step = [
        '[TC_073_CSMS][A01.FR.03] the old one is refused',
        async () => assertUnauthorized(await tool.refused(listener, { password: old })),
      ]
      return { tool, old, first, rotate, set, oldIsRefused }
    }

    for (const [what, key] of keys) {
      await t.test(`[TC_073_CSMS] ${listener}: by the central system, to ${what}`, async (t) => {
        const { tool, first, set, oldIsRefused } = await begin()
        await play(t, tool, [
          first,
          [
            '[TC_073_CSMS][A01.FR.02] ChangeConfiguration(AuthorizationKey) arrives as it was sent',
            async () => {
              const changed = set(key)
              const answer = { status: 'Accepted' }
              const request = await tool.expect('ChangeConfiguration', 'central system', answer)
              assert.deepEqual(keyOf(request), key)
              assert.equal(await changed, 'Accepted')
            },
          ],
          [
            '[TC_073_CSMS][A01.FR.03] it reconnects with the new password',
            async () => {
              await tool.close()
              await tool.connect(listener, { password: key })
              await tool.boot()
            },
          ],
          oldIsRefused,
        ])
      })
    }

    await t.test(`[TC_073_CSMS] ${listener}: by the operator`, async (t) => {
      const { tool, first, rotate, oldIsRefused } = await begin()
      let key = Buffer.alloc(0)
      let answer: ReturnType<typeof rotate> | null = null
      await play(t, tool, [
        first,
        [
          '[TC_073_CSMS][A01.FR.02][A01.FR.07] the proxy sends ChangeConfiguration(AuthorizationKey)',
          async () => {
            answer = rotate()
            const request = await tool.expect('ChangeConfiguration', 'proxy', { status: 'Accepted' })
            key = Buffer.from(keyOf(request))
            assert.equal(key.length, 20)
          },
        ],
        [
          '[TC_073_CSMS][A01.FR.03] it reconnects with the new password, and the operator is told',
          async () => {
            await tool.close()
            await tool.connect(listener, { password: key })
            await tool.boot()
            assert.partialDeepStrictEqual(await answer, { status: 200, body: { ok: true } })
          },
        ],
        oldIsRefused,
      ])
    })

    for (const by of ['central system', 'proxy'] satisfies readonly Sender[]) {
      await t.test(`[TC_A_10_CSMS] ${listener}: the tool rejects that of the ${by}`, async (t) => {
        const { tool, old, first, rotate, set } = await begin()
        let key = Buffer.alloc(0)
        await play(t, tool, [
          first,
          [
            '[TC_A_10_CSMS][A01.FR.04] it answers Rejected, and goes on',
            async () => {
              const asked = by === 'proxy' ? rotate() : set(randomBytes(20))
              key = Buffer.from(keyOf(await tool.expect('ChangeConfiguration', by, { status: 'Rejected' })))
              const told = await asked
              if (typeof told === 'string') assert.equal(told, 'Rejected')
              else assert.partialDeepStrictEqual(told, { status: 409, body: { code: 'refused' } })
              await tool.call('Heartbeat', {})
            },
          ],
          [
            '[TC_A_10_CSMS][A01.FR.04] the new one is refused, the old one keeps working',
            async () => {
              await tool.close()
              assertUnauthorized(await tool.refused(listener, { password: key }))
              await tool.connect(listener, { password: old })
              await tool.boot()
            },
          ],
        ])
      })
    }
  }
})
