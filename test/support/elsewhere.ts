import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import type { ChargePoint } from '../../src/simulator/charge-point.ts'
import type { CertificateAnswer } from './certificate-server.ts'
import { commandLine } from './command-line.ts'
import { CutLink } from './cut-link.ts'
import { operator } from './operator.ts'
import { startProxy } from './proxy.ts'
import { estServer, httpServer } from './remote-authority.ts'
import { secret } from './secrets.ts'

export type ElsewhereKind = 'est' | 'http'

/** Fulfilled when it is true. Throws after two minutes: no machine is so slow. */
export async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const signal = AbortSignal.timeout(120_000)
  while (!(await isTrue())) {
    signal.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** A server of an authority that can be switched off, and that answers as it is told. */
async function switchable(t: Pick<TestContext, 'after'>, kind: ElsewhereKind) {
  const authority = kind === 'est' ? await estServer() : await httpServer()
  let answer: CertificateAnswer = authority.honest
  const server = await authority.serve((request, response) => answer(request, response))
  // Its port stays its own while it is off: one that is given back may be taken by another process.
  const link = await CutLink.start(Number(new URL(server.origin).port))
  t.after(async () => {
    await link.close()
    await server[Symbol.asyncDispose]()
  })
  return {
    ...authority,
    ...{ origin: `https://localhost:${link.port}`, seen: server.seen },
    off: () => link.cut(),
    on: () => link.mend(),
    answer(next: CertificateAnswer) {
      answer = next
    },
  }
}

/** A proxy whose authority is elsewhere, under a root of its own that the proxy trusts beside the usual one. */
export async function elsewhere(t: TestContext, kind: ElsewhereKind) {
  const authority = await switchable(t, kind)
  const boss = operator(t)
  const word = secret('password', randomBytes(18).toString('base64url'))
  const section = (timeout: string) => {
    const both = { ca: 'authority.pem', roots: 'authority.pem', timeout }
    const client = { certificate: 'proxy-client.pem', key: 'proxy-client.key' }
    const url = `${authority.origin}/.well-known/est/chargers`
    return kind === 'est'
      ? { est: { ...both, ...client, url, username: 'proxy', passwordFile: 'authority.secret' } }
      : {
          http: {
            ...{ ...both, url: `${authority.origin}/sign`, tokenFile: 'authority.secret' },
            headers: { Authorization: 'Bearer {token}', 'X-Charge-Point': '{identity}' },
          },
        }
  }
  const proxy = await startProxy(t, {
    admin: boss.section,
    certificateAuthority: { requestsPerHour: 100, ...section('30s') },
    listeners: {
      'mutual-tls': {
        tls: {
          certificates: [{ certificate: 'server-ecdsa.pem', key: 'server-ecdsa.key' }],
          names: ['localhost'],
          clientCertificates: { trust: ['cpo-root.pem', 'authority.pem'], factory: ['factory-root.pem'] },
        },
      },
    },
    files: {
      'authority.pem': authority.root.certificate,
      'authority.secret': word,
      'proxy-client.pem': authority.client.certificate,
      'proxy-client.key': authority.client.key,
    },
  })
  /** How often each charge point was sent CertificateSigned. */
  const signed = new Map<string, number>()
  return {
    ...{ authority, boss, proxy, word, command: commandLine(proxy, boss) },
    /** Another configuration of the authority: what waits for it is tried at once. */
    reload: (timeout: string) => proxy.reload({ certificateAuthority: section(timeout) }),
    signed: (identity = 'CP-1') => signed.get(identity) ?? 0,
    /** Registered and booted on profile 3, with a certificate of the usual root. */
    async chargePoint(identity = 'CP-1'): Promise<ChargePoint> {
      const serialNumber = identity === 'CP-1' ? 'SN-0001' : `SN of ${identity}`
      await proxy.register(identity)
      const chargePoint = proxy.withCertificate(await proxy.pki.cpo.chargePoint({ cn: serialNumber }), {
        identity,
        cpoName: 'Example CPO',
        model: { serialNumber },
        tls: { ca: [proxy.pki.serverRoot, authority.root.certificate] },
        onEvent(event) {
          if (event.kind !== 'received' || event.message.kind !== 'call') return
          if (event.message.action === 'CertificateSigned')
            signed.set(identity, (signed.get(identity) ?? 0) + 1)
        },
      })
      await chargePoint.connect()
      await chargePoint.boot()
      return chargePoint
    },
    /** Events of the proxy about an authority that failed. */
    failures: () => proxy.store.events.list({ type: 'CertificateAuthorityFailed', limit: 100 }),
    inPhase: (phase: string, detail = /(?:)/, identity = 'CP-1') =>
      until(async () => {
        const renewal = await proxy.store.renewals.get(identity)
        return renewal?.phase === phase && detail.test(renewal.detail ?? '')
      }),
  }
}
