import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { TestProxy } from './proxy.ts'
import { secret } from './secrets.ts'

/** What the admin API answered. */
export interface ApiAnswer {
  readonly status: number
  /** Whatever came. */
  readonly body: Readonly<Record<string, unknown>>
}

/** An operator with a token, who talks to the admin API of a running proxy. */
export interface Operator {
  /** The `admin` section of the configuration. */
  readonly section: { readonly tokenFile: string }
  readonly token: string
  /** `path` begins behind /api/v1. */
  ask(proxy: TestProxy, method: string, path: string, body?: object): Promise<ApiAnswer>
}

/** Makes a token; its file goes with the test. */
export function operator(t: Pick<TestContext, 'after'>): Operator {
  const folder = mkdtempSync(join(tmpdir(), 'ocpp-operator-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const token = secret('admin token', randomBytes(24).toString('base64url'))
  const tokenFile = join(folder, 'admin.token')
  writeFileSync(tokenFile, token, { mode: 0o600 })
  return {
    section: { tokenFile },
    token,
    async ask(proxy, method, path, body) {
      const answer = await fetch(`http://127.0.0.1:${proxy.port('admin')}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: answer.status, body: (await answer.json()) as ApiAnswer['body'] }
    },
  }
}
