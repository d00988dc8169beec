import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { Issued } from '../support/authority.ts'
import { type Operator, operator } from '../support/operator.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import type { ListenerName } from '../support/proxy-config.ts'
import { type Login, Octt, play, type Step } from './octt.ts'

interface Setting {
  readonly proxy: TestProxy
  readonly boss: Operator
  readonly tool: Octt
  readonly issued: Issued
  /** What the tool shows on a listener. */
  readonly login: (listener: ListenerName) => Login
}

async function settingOf(proxy: TestProxy, boss: Operator, tool: Octt): Promise<Setting> {
  const serialNumber = `SN ${tool.identity}`
  const password = await proxy.register(tool.identity, { serialNumber })
  const issued = await proxy.pki.cpo.chargePoint({ cn: serialNumber })
  const login = (listener: ListenerName) =>
    listener === 'mutual-tls' ? { certificate: issued } : { password }
  return { proxy, boss, tool, issued, login }
}

/** An operator upgrades to profile 3 only what has a certificate that the proxy knows (A05.FR.04). */
async function knowCertificate({ proxy, tool, issued }: Setting): Promise<void> {
  const { publicKey, raw, subject, validToDate } = issued.x509
  const hash = (der: Buffer) => createHash('sha256').update(der).digest('hex')
  const key = {
    keyFingerprint: hash(publicKey.export({ type: 'spki', format: 'der' })),
    certificateFingerprint: hash(raw),
    subject,
    notAfter: validToDate.getTime(),
  }
  await proxy.store.registry.claimKey(tool.identity, key, Date.now())
}

/** Makes the change up to its answer. Returns what must hold once the tool is back. */
type Change = (setting: Setting, to: number) => Promise<() => Promise<void>>

async function byCentralSystem({ proxy, tool }: Setting, to: number) {
  const changed = proxy.central.changeConfiguration(tool.identity, 'SecurityProfile', String(to))
  const request = await tool.expect('ChangeConfiguration', 'central system', { status: 'Accepted' })
  assert.deepEqual(request, { key: 'SecurityProfile', value: String(to) })
  assert.equal(await changed, 'Accepted')
  return async () => {}
}

async function byOperator(setting: Setting, to: number) {
  const { proxy, boss, tool } = setting
  if (to === 3) await knowCertificate(setting)
  const answer = boss.ask(proxy, 'POST', `/charge-points/${tool.identity}/security-profile`, { to })
  const request = await tool.expect('ChangeConfiguration', 'proxy', { status: 'Accepted' })
  assert.deepEqual(request, { key: 'SecurityProfile', value: String(to) })
  return async () => assert.partialDeepStrictEqual(await answer, { status: 200, body: { ok: true } })
}

type Level = readonly [profile: number, listener: ListenerName]

function stepsOf(setting: Setting, [from, old]: Level, [to, higher]: Level, change: Change): readonly Step[] {
  const { proxy, tool, login } = setting
  let isBack = async () => {}
  const serve = async (listener: ListenerName) => {
    await tool.connect(listener, login(listener))
    await tool.boot()
  }
  return [
    [`[TC_083_CSMS] it is served on profile ${from}`, () => serve(old)],
    [
      `[TC_083_CSMS][A05.FR.05] ChangeConfiguration(SecurityProfile) with ${to}`,
      async () => {
        isBack = await change(setting, to)
      },
    ],
    [
      '[TC_083_CSMS] Reset(Hard) by the central system',
      async () => {
        const reset = proxy.central.send(tool.identity, 'Reset', { type: 'Hard' })
        const request = await tool.expect('Reset', 'central system', { status: 'Accepted' })
        assert.deepEqual(request, { type: 'Hard' })
        assert.partialDeepStrictEqual(await reset, { kind: 'result', payload: { status: 'Accepted' } })
        await tool.close()
      },
    ],
    [
      `[TC_083_CSMS][A00.FR.002] it comes back on profile ${to}`,
      async () => {
        await serve(higher)
        await isBack()
      },
    ],
    [
      `[TC_083_CSMS][A05.FR.09][A00.FR.002] profile ${from} is refused on its own port`,
      async () => {
        await tool.close()
        assert.partialDeepStrictEqual(await tool.refused(old, login(old)), { kind: 'http', status: 403 })
      },
    ],
    [
      `[TC_083_CSMS] and profile ${to} accepted again`,
      async () => {
        await serve(higher)
        const kept = await proxy.store.registry.get(tool.identity)
        assert.partialDeepStrictEqual(kept, { securityProfile: to, upgradeTo: null })
      },
    ],
  ]
}

const [one, two, three]: readonly [Level, Level, Level] = [
  [1, 'basic-auth'],
  [2, 'basic-auth-tls'],
  [3, 'mutual-tls'],
]

test('[TC_083_CSMS] the tool is moved to a higher security profile', async (t) => {
  const boss = operator(t)
  const proxy = await startProxy(t, { admin: boss.section })

  for (const [from, to] of [
    [one, two],
    [two, three],
  ] as const) {
    for (const [by, change] of [
      ['the central system', byCentralSystem],
      ['the operator', byOperator],
    ] as const) {
      const name = `from ${from[0]} to ${to[0]} by ${by}`
      await t.test(`[TC_083_CSMS] ${name}`, async (t) => {
        const setting = await settingOf(proxy, boss, new Octt(t, proxy, name.replaceAll(' ', '-')))
        await play(t, setting.tool, stepsOf(setting, from, to, change))
      })
    }
  }

  await t.test('[TC_083_CSMS] without its certificate it is not served on profile 3', async (t) => {
    const setting = await settingOf(proxy, boss, new Octt(t, proxy, 'bare'))
    const { tool, login } = setting
    await play(t, tool, [
      [
        '[TC_083_CSMS] it is told to use profile 3',
        async () => {
          await tool.connect('basic-auth-tls', login('basic-auth-tls'))
          await tool.boot()
          await byCentralSystem(setting, 3)
          await tool.close()
        },
      ],
      [
        '[TC_083_CSMS][A00.FR.401][A00.FR.407] its handshake ends without an upgrade; with one it is served',
        async () => {
          assert.equal((await tool.refused('mutual-tls', login('basic-auth-tls'))).kind, 'error')
          await tool.connect('mutual-tls', login('mutual-tls'))
          await tool.boot()
        },
      ],
    ])
  })
})
