import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createOcspResponder } from '../../src/pki/authority/ocsp-responder.ts'
import { certificateFacts } from '../../src/pki/certificate.ts'
import { closedBeforeHttp } from '../support/certificate-refused.ts'
import { foreignAuthority, shown, trustForeign } from '../support/foreign-authority.ts'
import { freePort } from '../support/free-port.ts'
import { needsOpenssl, type OpensslCa } from '../support/openssl-ca.ts'
import { startOpensslResponder } from '../support/openssl-responder.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { assertRefused, assertServed, refusalOf } from '../support/refused.ts'
import { badResponder, opensslResponder } from '../support/responders.ts'
import { allEnded } from '../support/sessions.ts'

const modes = ['soft', 'hard'] as const
const warned = 'admitted without a proof of revocation status'

interface Setting {
  readonly proxy: TestProxy
  readonly ca: OpensslCa
}

async function settingOf(t: TestContext): Promise<Setting> {
  const proxy = await startProxy(t)
  const ca = foreignAuthority(t)
  for (const name of ['good', 'bad', 'stranger']) {
    ca.issue(name)
    await proxy.register(`CP-${name}`, { serialNumber: name })
  }
  ca.issue('delegate', { extensions: 'extendedKeyUsage=OCSPSigning\nnoCheck=yes' })
  ca.issue('server', { extensions: 'extendedKeyUsage=serverAuth' })
  ca.writeIndex(['good'], { bad: '260101000000Z,keyCompromise' })
  return { proxy, ca }
}

const comes = ({ proxy, ca }: Setting, name: string) =>
  proxy.withCertificate(shown(ca, name), { identity: `CP-${name}` })

async function served(setting: Setting, name: string): Promise<void> {
  const chargePoint = comes(setting, name)
  await assertServed(setting.proxy, chargePoint)
  await chargePoint.close()
  await allEnded(setting.proxy)
}

const refused = (
  setting: Setting,
  name: string,
  reason: 'client_cert_revoked' | 'revocation_unknown',
  detail: RegExp,
) =>
  assertRefused(setting.proxy, {
    reason,
    listener: 'mutual-tls',
    attempt: () => refusalOf(comes(setting, name)),
    client: closedBeforeHttp,
    record: { identity: null, event: 'InvalidChargePointCertificate' },
    detail,
  })

const checked = async (proxy: TestProxy, result: string) =>
  (await proxy.metrics()).sum('ocpp_proxy_revocation_checks_total', { method: 'ocsp', result })

test('the responder of openssl says good, revoked and unknown', needsOpenssl, async (t) => {
  const setting = await settingOf(t)
  const { proxy, ca } = setting
  for (const signer of ['root', 'delegate']) {
    const responder = await opensslResponder(t, ca, { signer })
    for (const [ocsp, more] of [
      ['soft', { method: 'get' }],
      ['hard', { nonce: 'require' }],
    ] as const) {
      await t.test(`[A00.FR.702][A00.FR.704] signed by the ${signer}, ${ocsp}`, async () => {
        await trustForeign(proxy, ca, { ocsp, responder, ...more })
        await served(setting, 'good')
        await refused(
          setting,
          'bad',
          'client_cert_revoked',
          /responder says: revoked at 2026-01-01.*keyCompr/,
        )
        await refused(setting, 'stranger', 'revocation_unknown', /responder does not know the certificate/)
      })
    }
  }
  await t.test('[A00.FR.702] the metric counts each answer', async () => {
    for (const result of ['good', 'revoked', 'unknown'])
      assert.ok((await checked(proxy, result)) >= 2, result)
  })
  await t.test('[A00.FR.702] an answer is kept in the store, and good after a restart', async () => {
    const { url: responder, stop } = await startOpensslResponder(ca)
    t.after(() => stop())
    await trustForeign(proxy, ca, { ocsp: 'hard', responder })
    await served(setting, 'good')
    assert.equal(await proxy.stop(), 0)
    await stop()
    await proxy.start()
    await served(setting, 'good')
    await refused(setting, 'stranger', 'revocation_unknown', /OCSP: network/)
  })
})

test('a delegate without ocsp-nocheck', needsOpenssl, async (t) => {
  const setting = await settingOf(t)
  const { proxy, ca } = setting
  const delegate = ca.issue('unmarked', { extensions: 'extendedKeyUsage=OCSPSigning' })
  const crl = (file: string, ...revoked: readonly string[]) => {
    const ended = Object.fromEntries(revoked.map((name) => [name, '260101000000Z,keyCompromise'] as const))
    ca.writeIndex(['good'], { bad: '260101000000Z,keyCompromise', ...ended })
    writeFileSync(join(proxy.pki.folder, file), ca.crl())
    return { crl: [file] }
  }
  const revoked = crl('revoked.crl', 'unmarked')
  const current = crl('current.crl')
  let others = 0
  /** A path of its own makes it another responder, of which nothing is remembered. */
  const url = await opensslResponder(t, ca, { signer: 'unmarked' })
  const trusted = (ocsp: string, more = {}) => {
    others += 1
    return trustForeign(proxy, ca, { ocsp, responder: `${url}/${others}`, ...more })
  }
  const code = 'responder_not_authorized'
  await t.test('[RFC 6960 4.2.2.2.1][A00.FR.704] no CRL: soft believes it, hard does not', async () => {
    const before = await checked(proxy, code)
    await trusted('hard')
    await refused(setting, 'good', 'revocation_unknown', /OCSP: responder_not_authorized, no CRL vouches/)
    assert.equal((await checked(proxy, code)) - before, 1)
    await trusted('soft')
    await refused(setting, 'bad', 'client_cert_revoked', /responder says: revoked/)
  })
  await t.test('[RFC 6960 4.2.2.2.1][A00.FR.704] a CRL that vouches for it: believed', async () => {
    await trusted('hard', current)
    await refused(setting, 'stranger', 'revocation_unknown', /responder does not know the certificate/)
    await served(setting, 'good')
  })
  await t.test('[RFC 6960 4.2.2.2.1] the CRL or an operator has revoked it: believed by nobody', async () => {
    // A revocation that only it tells, and that the CRL of before does not.
    await trusted('soft', revoked)
    const before = await checked(proxy, code)
    await served(setting, 'stranger')
    assert.equal((await checked(proxy, code)) - before, 1)
    await trusted('soft')
    await refused(setting, 'stranger', 'revocation_unknown', /does not know the certificate/)
    await proxy.store.denied.add({
      target: { kind: 'fingerprint', fingerprint: certificateFacts(delegate).fingerprint },
      ...{ note: 'stolen', by: 'operator', identity: null, at: Date.now(), expiresAt: null },
    })
    // What it has said before ends with it.
    await served(setting, 'stranger')
    assert.equal((await checked(proxy, code)) - before, 2)
  })
})

/** What proves nothing is a warning where the policy is soft, and a refusal where it is hard. */
const silences: readonly {
  readonly what: string
  readonly code: string
  readonly responder: (t: TestContext, ca: OpensslCa) => Promise<string>
  readonly more?: Readonly<Record<string, unknown>>
}[] = [
  {
    what: 'an expired answer',
    code: 'expired',
    // The tool makes no answer of the past; ours does, with its key.
    responder: (t, ca) => {
      const responder = createOcspResponder({
        issuer: ca.root,
        signer: { certificate: ca.root, privateKey: createPrivateKey(readFileSync(ca.file('root.key'))) },
        index: { find: async () => ({ revocation: null }) },
        validityMs: 60_000,
        now: () => Date.now() - 20 * 60_000,
      })
      return badResponder(t, (request, response) => {
        const answered = request.toArray().then((chunks) => responder.answer(Buffer.concat(chunks)))
        answered.then((answer) => response.end(answer))
      })
    },
  },
  {
    what: 'a wrong signer',
    code: 'responder_not_authorized',
    responder: (t, ca) => opensslResponder(t, ca, { signer: 'server' }),
  },
  {
    what: 'a broken signature',
    code: 'signature_invalid',
    responder: (t, ca) => opensslResponder(t, ca, { options: ['-ndays', '1', '-badsig'] }),
  },
  {
    what: 'silence',
    code: 'timeout',
    responder: (t) => badResponder(t, () => undefined),
    more: { timeout: '300ms', wait: '200ms' },
  },
  {
    what: 'one that answers byte by byte',
    code: 'timeout',
    responder: (t) => badResponder(t, (_, response) => void response.write('0')),
    more: { timeout: '10s', wait: '200ms' },
  },
  {
    what: 'garbage',
    code: 'unreadable',
    responder: (t) => badResponder(t, (_, response) => void response.end('<html>')),
  },
  {
    what: 'an answer without end',
    code: 'too_large',
    responder: (t) => badResponder(t, (_, response) => void response.end(Buffer.alloc(100_000))),
  },
  {
    what: 'an error of HTTP',
    code: 'status',
    responder: (t) => badResponder(t, (_, response) => void response.writeHead(503).end()),
  },
  {
    what: 'one that sends elsewhere',
    code: 'redirected',
    responder: (t) =>
      badResponder(
        t,
        (_, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1' }).end(),
      ),
  },
  {
    what: 'one that is busy',
    code: 'responder_status',
    responder: (t) => badResponder(t, (_, response) => void response.end(Buffer.from([0x30, 3, 0x0a, 1, 3]))),
  },
  { what: 'nobody', code: 'network', responder: async () => `http://127.0.0.1:${await freePort()}` },
]

test('a responder that proves nothing', needsOpenssl, async (t) => {
  const setting = await settingOf(t)
  const { proxy, ca } = setting
  for (const { what, code, responder, more } of silences) {
    for (const ocsp of modes) {
      await t.test(`[A00.FR.702][A00.FR.704] ${what}, ${ocsp}`, async (t) => {
        // A path of its own makes it another responder, of which nothing is remembered.
        const url = `${await responder(t, ca)}/`
        await trustForeign(proxy, ca, { ocsp, responder: url, ...more })
        const before = await checked(proxy, code)
        if (ocsp === 'hard') {
          await refused(setting, 'good', 'revocation_unknown', new RegExp(`OCSP: ${code}, `))
        } else await served(setting, 'good')
        assert.equal((await checked(proxy, code)) - before, 1)
      })
    }
  }
  await t.test(
    '[A00.FR.704][A00.FR.408] that somebody was admitted without a proof is an event',
    async () => {
      await proxy.log.wait('a warning', ({ msg }) => msg === warned)
      const type = 'RevocationNotProven'
      const events = await proxy.store.events.list({ type, limit: 9 })
      assert.match(events.at(-1)?.techInfo ?? '', /^1 connection admitted without a proof .*OCSP: expired/)
      assert.equal(events.at(-1)?.listener, 'mutual-tls')
    },
  )
})
