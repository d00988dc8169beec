import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Operator, operator } from './operator.ts'
import { type ProxyOptions, startProxy, type TestProxy } from './proxy.ts'
import type { ConfigChange, ListenerName } from './proxy-config.ts'
import { secret } from './secrets.ts'

/** A proxy that keeps logs of charge points, and who asks it for them. */
export interface LogProxy {
  readonly proxy: TestProxy
  readonly boss: Operator
  /** The folder of the logs. */
  readonly folder: string
  /** What the operator is shown of a charge point. */
  logs(identity?: string): Promise<readonly LogRow[]>
  content(id: string, identity?: string): Promise<{ readonly status: number; readonly body: Buffer }>
  /** Reloads with this section; the URLs stay. */
  reload(logs: object): Promise<void>
}

export interface LogRow {
  readonly id: string
  readonly requestId: number
  readonly origin: string
  readonly answer: string | null
  readonly fileName: string | null
  readonly status: string | null
  readonly upload: {
    readonly bytes: number
    readonly sha256: string
    readonly contentType: string | null
  } | null
}

/**
 * Uploads go to the TLS port of profile 2 from every listener, as an operator would have it for clients
 * that show no certificate. Its number is known only when it listens, so the URLs come by a reload.
 */
export async function startLogProxy(
  t: TestContext,
  logs: object = {},
  options: ProxyOptions = {},
  uploadTo: ListenerName = 'basic-auth-tls',
): Promise<LogProxy> {
  const boss = operator(t)
  const section = (more: object) => ({ folder: 'charge-point-logs', ...more })
  const proxy = await startProxy(t, { ...options, admin: boss.section, chargePointLogs: section(logs) })
  const change = (more: object): ConfigChange => {
    const scheme = uploadTo === 'basic-auth' ? 'http' : 'https'
    const url = { logUploadUrl: `${scheme}://localhost:${proxy.port(uploadTo)}/logs` }
    return {
      listeners: { 'basic-auth': url, 'basic-auth-tls': url, 'mutual-tls': url },
      chargePointLogs: section(more),
    }
  }
  const api = `http://127.0.0.1:${proxy.port('admin')}/api/v1/charge-points`
  assert.equal(await proxy.reload(change(logs)), 'reloaded')
  return {
    proxy,
    boss,
    folder: join(proxy.pki.folder, 'charge-point-logs'),
    async logs(identity = 'CP-1') {
      const { status, body } = await boss.ask(proxy, 'GET', `/charge-points/${identity}/logs`)
      assert.equal(status, 200)
      return body.items as readonly LogRow[]
    },
    async content(id, identity = 'CP-1') {
      const answer = await fetch(`${api}/${identity}/logs/${id}/content`, {
        headers: { authorization: `Bearer ${boss.token}` },
      })
      return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) }
    },
    async reload(more) {
      assert.equal(await proxy.reload(change(more)), 'reloaded')
    },
  }
}

/** remoteLocation of a GetLog; its token is a secret. */
export function locationOf(payload: Readonly<Record<string, unknown>>): URL {
  const { remoteLocation } = payload.log as { readonly remoteLocation: string }
  const url = new URL(remoteLocation)
  secret('upload token', url.pathname.split('/').at(-2) ?? '')
  return url
}

/** One plain request; null: the connection ended without an answer. */
export async function upload(
  url: URL,
  body: Buffer | null,
  options: RequestOptions = {},
): Promise<{ readonly status: number; readonly headers: IncomingMessage['headers'] } | null> {
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
    ...{ method: 'PUT', rejectUnauthorized: false, agent: false },
    ...options,
  })
  try {
    request.end(body ?? undefined)
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    answer.resume()
    await once(answer, 'close')
    return { status: answer.statusCode ?? 0, headers: answer.headers }
  } catch {
    return null
  }
}
