import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { temporaryFolder } from '../config/support.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { assertServed, refusalOf } from '../support/refused.ts'
import { secret } from '../support/secrets.ts'

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')
const token = secret('admin token', 'the token of this test')

async function startWithApi(t: TestContext) {
  const tokenFile = join(temporaryFolder(t), 'token')
  writeFileSync(tokenFile, `${token}\n`)
  const proxy = await startProxy(t, { admin: { tokenFile } })
  const origin = `http://127.0.0.1:${proxy.port('admin')}`
  const where = ['--admin-url', origin, '--admin-token-file', tokenFile]
  /** The command line as an operator runs it. */
  const command = async (line: string) => {
    const { stdout } = await promisify(execFile)(process.execPath, [main, ...line.split(' '), ...where])
    return stdout
  }
  const get = async (path: string): Promise<ReturnType<typeof JSON.parse>> => {
    const answer = await fetch(`${origin}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } })
    assert.equal(answer.status, 200)
    return answer.json()
  }
  return { proxy, command, get, origin }
}

/** Waits until the change is in the security log: it is written a moment after. */
async function noted(
  get: (path: string) => Promise<{ items: readonly { techInfo: string }[] }>,
  text: string,
) {
  for (;;) {
    const { items } = await get('/security-events?type=ReconfigurationOfSecurityParameters')
    if (items.some(({ techInfo }) => techInfo.includes(text))) return items
  }
}

test('[design 11] block ends the session, is told of, and holds until unblock', async (t) => {
  const { proxy, command, get } = await startWithApi(t)
  await proxy.register('CP-1')
  const chargePoint = proxy.chargePoint('basic-auth')
  await assertServed(proxy, chargePoint)
  const { session, connected } = await get('/charge-points/CP-1')
  assert.deepEqual([connected, session.listener, session.profile], [true, 'basic-auth', 1])
  assert.equal((await get('/status')).connected.total, 1)

  assert.equal(await command('charge-points block CP-1'), 'blocked CP-1\n')
  assert.equal((await chargePoint.closed()).code, 1008)
  assert.equal((await refusalOf(proxy.chargePoint('basic-auth'))).httpStatus, 403)
  await noted(get, 'PATCH /api/v1/charge-points/:identity: ok')
  await proxy.allNoted()
  const { items } = await get('/rejections?reason=charge_point_blocked')
  assert.equal(items.length, 1)

  assert.equal(await command('charge-points unblock CP-1'), 'unblocked CP-1\n')
  await assertServed(proxy, proxy.chargePoint('basic-auth'))
})

test('[A00.FR.408] a refusal reaches a live reader', async (t) => {
  const { proxy, origin } = await startWithApi(t)
  const client = new AbortController()
  t.after(() => client.abort())
  const { body } = await fetch(`${origin}/api/v1/rejections/stream`, {
    headers: { authorization: `Bearer ${token}` },
    signal: client.signal,
  })
  assert.ok(body !== null)
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  await refusalOf(proxy.chargePoint('basic-auth', { identity: 'stranger', password: wrongPassword }))
  let text = ''
  while (!text.includes('\ndata: ')) text += (await reader.read()).value ?? ''
  assert.match(text, /event: rejection\ndata: .*"identity":"stranger"/)
})

const wrongPassword = { bytes: Buffer.alloc(20, 7), form: 'raw' } as const

test('[A01.FR.09] no token is in what the proxy writes', async (t) => {
  const { proxy, command, get } = await startWithApi(t)
  await proxy.register('CP-1')
  await command('credentials generate CP-1')
  await noted(get, 'PUT /api/v1/charge-points/:identity/password: ok')
  assertNowhere(proxy, token)
})

function assertNowhere(proxy: TestProxy, secret: string): void {
  assert.ok(proxy.log.raw.length > 0)
  assert.ok(!proxy.log.raw.join('\n').includes(secret))
}
