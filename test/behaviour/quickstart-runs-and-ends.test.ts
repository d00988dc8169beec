import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createChargePoint } from '../../src/simulator/charge-point.ts'
import { keyFromHex } from '../../src/simulator/credentials.ts'
import { freePort } from '../support/free-port.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const main = join(root, 'src', 'main.ts')
/** Of config/quickstart.yaml: the listeners of profiles 1 to 3, the central system, admin. */
const usualPorts = [8080, 8443, 8444, 9000, 9090] as const

type Ports = ReadonlyMap<(typeof usualPorts)[number], number>

/** A folder with the configuration of the quickstart, on ports that are free. */
async function setUp(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'ocpp quickstart '))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const ports: Ports = new Map(
    await Promise.all(usualPorts.map(async (usual) => [usual, await freePort()] as const)),
  )
  const usual = readFileSync(join(root, 'config', 'quickstart.yaml'), 'utf8')
  const changed = [...ports].reduce((yaml, [from, to]) => yaml.replaceAll(`:${from}`, `:${to}`), usual)
  mkdirSync(join(folder, 'config'))
  writeFileSync(join(folder, 'config', 'quickstart.yaml'), changed)
  return { folder, ports }
}

function start(context: TestContext, folder: string) {
  const child = spawn(process.execPath, [main, 'quickstart'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  context.after(() => child.kill('SIGKILL'))
  return child
}

/** Starts it and waits for what it prints once everything runs. */
async function run(context: TestContext, folder: string) {
  const child = start(context, folder)
  let output = ''
  let errors = ''
  const running = Promise.withResolvers<void>()
  let heard = () => {}
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
    if (output.includes('Ctrl-C ends everything')) running.resolve()
    heard()
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk
  })
  const closed = once(child, 'close')
  void closed.then(() => running.reject(new Error(`it ended: ${errors}${output}`)))
  await running.promise
  return {
    output: () => output,
    /** Waits until it has printed this. */
    async until(pattern: RegExp) {
      while (!pattern.test(output)) {
        const { promise, resolve } = Promise.withResolvers<void>()
        heard = resolve
        await Promise.race([promise, closed.then(() => assert.fail(`it ended: ${errors}${output}`))])
      }
    },
    async end() {
      child.kill('SIGINT')
      assert.deepEqual(await closed, [0, null])
      assert.equal(errors, '')
    },
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

const listening = (ports: Ports) => Promise.all([...ports.values()].map(isListening))

test('npm start shows everything, and Ctrl-C ends everything', async (context) => {
  const { folder, ports } = await setUp(context)
  const quickstart = await run(context, folder)
  assert.deepEqual(await listening(ports), [true, true, true, true, true])
  for (const word of ['CP-1', 'CP-2', 'CP-3', 'CP-4', 'CP-OLD', '/metrics', 'rejections list']) {
    assert.ok(quickstart.output().includes(word), word)
  }
  await context.test(
    '[A01.FR.09] no password is printed; they are in a file that only the owner reads',
    () => {
      const file = join(folder, 'certs', 'demo-credentials.json')
      assert.equal(statSync(file).mode & 0o777, 0o600)
      const passwords = Object.values<string>(JSON.parse(readFileSync(file, 'utf8')))
      assert.equal(passwords.length, 3)
      for (const password of passwords) assert.ok(!quickstart.output().includes(password))
    },
  )
  await context.test('the token of the admin API is in such a file, too, and is not printed', () => {
    const file = join(folder, 'data', 'admin.token')
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const token = readFileSync(file, 'utf8').trim()
    assert.match(token, /^[\w-]{43}$/)
    assert.ok(!quickstart.output().includes(token))
    assert.ok(quickstart.output().includes(join('data', 'admin.token')))
  })
  await context.test('colours are for terminals', () => {
    assert.ok(!quickstart.output().includes('\u001b'))
  })
  await context.test('a session is open, and ends in order', async () => {
    const client = demoChargePoint(folder, ports.get(8080) ?? 0)
    await client.connect()
    await client.boot()
    const closed = client.closed()
    await quickstart.end()
    assert.equal((await closed).code, 1001)
    assert.deepEqual(await listening(ports), [false, false, false, false, false])
    assert.match(quickstart.output(), /central .*CP-1: received BootNotification/)
    assert.match(quickstart.output(), /proxy .*CP-1 charge point connected/)
  })
})

/** A line that was printed to be copied, as a shell in the folder would run it. */
function copied(output: string, part: string, folder: string) {
  const line = output.split('\n').find((one) => one.includes(part))
  assert.ok(line !== undefined, part)
  // The Node of this test stands for the one that is printed: both run the same sources.
  const [, ...words] = line.trim().split(' ')
  return spawn('/bin/sh', ['-c', `"$NODE" ${words.join(' ')}`], {
    cwd: folder,
    env: { ...process.env, NODE: process.execPath },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
}

async function ended(child: ReturnType<typeof copied>) {
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { out, err, code }
}

test('[A01.FR.01] the printed lines give a connected charge point a new password, which it keeps', async (context) => {
  const { folder } = await setUp(context)
  const first = await run(context, folder)
  const file = join(folder, 'certs', 'CP-1.password')
  const before = readFileSync(file, 'utf8')
  const client = copied(first.output(), '--id CP-1 ', folder)
  context.after(() => stopGroup(client))
  await first.until(/central .*CP-1: received BootNotification/)
  const rotated = await ended(copied(first.output(), 'credentials rotate CP-1', folder))
  assert.deepEqual(rotated, { out: 'CP-1: it has logged in with the new password\n', err: '', code: 0 })
  const after = readFileSync(file, 'utf8')
  assert.notEqual(after, before)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const events = await ended(
    copied(`${first.output().replace('events tail', 'events list')}`, 'events list', folder),
  )
  assert.match(events.out, /ReconfigurationOfSecurityParameters +proxy +CP-1 .*a new one is offered/)
  for (const secret of [before.trim(), after.trim()]) assert.ok(!events.out.includes(secret))
  stopGroup(client)
  await first.end()
  await context.test('a second start knows it, and the charge point works with it', async () => {
    const second = await run(context, folder)
    assert.equal(readFileSync(file, 'utf8'), after)
    const again = copied(second.output(), '--id CP-1 ', folder)
    context.after(() => stopGroup(again))
    await second.until(/central .*CP-1: received BootNotification/)
    const campaign = await ended(copied(second.output(), 'campaign create', folder))
    assert.equal(campaign.code, 0, campaign.err)
    assert.match(campaign.out, /finished .*1 of 1 done, 0 failed/)
    stopGroup(again)
    await second.end()
  })
})

/** The shell and what it started. */
function stopGroup({ pid, exitCode, signalCode }: ReturnType<typeof copied>): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGINT')
}

function demoChargePoint(folder: string, port: number) {
  const file = join(folder, 'certs', 'CP-1.password')
  const bytes = keyFromHex(readFileSync(file, 'utf8').trim()) ?? Buffer.alloc(0)
  return createChargePoint({
    identity: 'CP-1',
    securityProfile: 1,
    url: `ws://127.0.0.1:${port}/ocpp`,
    password: { bytes, form: 'raw' },
  })
}

test('a second start keeps certificates and passwords, and they still work', async (context) => {
  const { folder, ports } = await setUp(context)
  const first = await run(context, folder)
  await first.end()
  const files = ['demo-credentials.json', 'CP-1.password', 'server-rsa.pem', 'cp-ecdsa.key']
  const read = () => files.map((file) => readFileSync(join(folder, 'certs', file), 'utf8'))
  const before = read()
  const second = await run(context, folder)
  assert.deepEqual(read(), before)
  const client = demoChargePoint(folder, ports.get(8080) ?? 0)
  await client.connect()
  await client.close()
  await second.end()
})

for (const [usual, key] of [
  [8443, 'listeners[1].address'],
  [9000, 'centralSystem.url'],
  [9090, 'admin.address'],
] as const) {
  test(`a port that is in use is one line that says how to change ${key}`, async (context) => {
    const { folder, ports } = await setUp(context)
    const port = ports.get(usual) ?? 0
    const other = createServer().listen(port, '127.0.0.1')
    context.after(() => other.close())
    await once(other, 'listening')
    const child = start(context, folder)
    const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
    const line = `error: port ${port} is in use; end what uses it, or change ${key} in config/quickstart.yaml\n`
    assert.deepEqual([errors, code], [line, 1])
  })
}
