import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { CampaignAnswer } from '../../src/cli/campaign/source.ts'
import { watchCampaign } from '../../src/cli/campaign/watch.ts'
import { campaignCommand } from '../../src/cli/campaign.ts'
import type { Shell } from '../../src/cli/shell.ts'
import { ProxyError } from '../../src/policy/error.ts'
import type { OperationOutcome } from '../../src/usecases/operation/operation.ts'
import { setUp as setUpAdmin, token } from '../admin/setting.ts'
import { chargePoint, type World, world } from '../campaigns/world.ts'
import { keep } from '../support/transcript.ts'

class Exit extends Error {
  readonly code: number
  constructor(code: number) {
    super(`exit ${code}`)
    this.code = code
  }
}

interface Setting {
  readonly w: World
  readonly folder: string
  /** Runs one command against the proxy that runs; `turns`: what happens while it waits, then Ctrl-C. */
  run(line: string, options?: RunOptions): Promise<{ code: number; out: string; err: string }>
}

interface RunOptions {
  readonly turns?: readonly (() => Promise<void>)[]
  readonly isTerminal?: boolean
  /** Where to: the API, or the store as if no proxy ran. */
  readonly to?: 'api' | 'store'
}

const refused: OperationOutcome = { ok: false, code: 'refused', detail: 'Rejected by \u001b[31mCP' }

/** The real API and the real engine; charge points, their operations and the time are fakes. */
async function setUp(t: TestContext, count = 10): Promise<Setting> {
  let w = world(0)
  const campaigns = new Proxy({} as World['campaigns'], {
    get: (_, name) => Reflect.get(w.campaigns, name).bind(w.campaigns),
  })
  const admin = await setUpAdmin(t, { deps: { campaigns } })
  w = world(count, admin.store.campaigns)
  const tokenFile = join(admin.folder, 'token')
  writeFileSync(tokenFile, token)
  await admin.ask('GET', '/campaigns')

  async function run(line: string, { turns = [], isTerminal = false, to = 'api' }: RunOptions = {}) {
    let [code, out, err, turn] = [0, '', '', 0]
    const shell: Shell = {
      out: async (text) => {
        out += text
      },
      err: (text) => {
        err += text
      },
      input: async () => null,
      exit: (status) => {
        throw new Exit(status)
      },
      setExitCode: (status) => {
        code = status
      },
      now: () => w.clock.now(),
      wait: async () => {
        await turns[turn]?.()
        turn += 1
        return turn <= turns.length
      },
      env: {},
      isTerminal,
    }
    const target =
      to === 'api'
        ? ['--admin-url', admin.origin, '--admin-token-file', tokenFile]
        : ['--store', join(admin.folder, 'proxy.db')]
    try {
      await campaignCommand(shell).parseAsync([...line.split(' '), ...target], { from: 'user' })
    } catch (error) {
      if (!(error instanceof Exit)) throw error
      code = error.code
    }
    keep('command', out + err)
    return { code, out, err }
  }
  return {
    get w() {
      return w
    },
    folder: admin.folder,
    run,
  }
}

async function lastId({ run }: Setting): Promise<string> {
  const [first = ''] = (await run('list --json')).out.split('\n')
  return JSON.parse(first).id
}

test('[A05.FR.02] create upgrade-profile with new passwords', async (t) => {
  const setting = await setUp(t)
  const { run, w } = setting
  const { out } = await run('create upgrade-profile --to 2 --new-passwords --all')
  assert.match(out, /^what +upgrade-profile to 2, with new passwords$/m)
  assert.equal((await w.store.get(await lastId(setting)))?.settings.newPasswords, true)
  const wrong = await run('create upgrade-profile --to 3 --new-passwords --all')
  assert.equal(wrong.code, 2)
  assert.match(wrong.err, /profile 3 has no use for new passwords/)
})

test('create begins a campaign with what the options say', async (t) => {
  const setting = await setUp(t)
  const { run, w } = setting
  const line =
    'create upgrade-profile --to 2 --profile 1 --canary 20% --pace 10 --concurrency 2 --any-time --attempts 4 --retry-after 30s --timeout 2m --max-failures 3'
  const { code, out } = await run(line)
  assert.equal(code, 0)
  assert.match(out, /^what +upgrade-profile to 2$/m)
  assert.match(out, /^charge points +0 of 10 done/m)
  const record = await w.store.get(await lastId(setting))
  assert.deepEqual(record?.settings, {
    canary: 2,
    perMinute: 10,
    concurrency: 2,
    onlyIdle: false,
    attempts: 4,
    retryAfterMs: 30_000,
    timeoutMs: 120_000,
    maxFailures: 3,
    reset: false,
    newPasswords: false,
  })
})

test('create says whom it leaves out, and why', async (t) => {
  const { run, w } = await setUp(t)
  const nobody = await run('create upgrade-profile --to 1 --all')
  assert.equal(nobody.code, 2)
  assert.match(nobody.err, /no charge point is left: 10 fit, on this profile already, or on a higher one/)
  assert.doesNotMatch((await run('create upgrade-profile --to 2 --all')).out, /^left out/m)
  const [first] = w.registry.keys()
  w.registry.set(String(first), chargePoint(String(first), { securityProfile: 2 }))
  const some = await run('create upgrade-profile --to 2 --all')
  assert.match(some.out, /^charge points +0 of 9 done/m)
  assert.match(some.out, /^left out +1, on this profile already, or on a higher one$/m)
})

test('create takes charge points by name and from a file', async (t) => {
  const { run, w, folder } = await setUp(t)
  const file = join(folder, 'fleet.txt')
  writeFileSync(file, '\uFEFF# the north\r\nCP0003\r\n\r\n CP0004 \n')
  const { out } = await run(`create rotate-passwords --identities ${file} --identity CP0001 --reset --json`)
  const { id, settings } = JSON.parse(out)
  assert.equal(settings.reset, true)
  const items = await w.store.items(id, { limit: 10 })
  assert.deepEqual(items.map(({ identity }) => identity).sort(), ['CP0001', 'CP0003', 'CP0004'])
})

test('create used wrong ends with 2 and says why', async (t) => {
  const { run, folder } = await setUp(t)
  const empty = join(folder, 'empty.txt')
  const wrong = join(folder, 'wrong.txt')
  writeFileSync(empty, '# nobody\n')
  writeFileSync(wrong, 'CP1\na/b\n')
  const cases: readonly [string, RegExp][] = [
    ['rotate-passwords', /say which/],
    ['reboot --all', /no campaign; known are/],
    ['upgrade-profile --all', /needs the profile/],
    ['upgrade-profile --all --to 0', /--to must be/],
    ['rotate-passwords --all --to 2', /knows no profile/],
    ['rotate-passwords --all --profile 1', /says all, and something narrower/],
    ['rotate-passwords --identity nobody', /no charge point nobody/],
    ['rotate-passwords --all --canary some', /--canary/],
    ['rotate-passwords --all --canary 101%', /canary/],
    ['rotate-passwords --all --pace 0', /perMinute/],
    ['rotate-passwords --all --timeout 5', /--timeout/],
    [`rotate-passwords --identities ${empty}`, /names nobody/],
    [`rotate-passwords --identities ${wrong}`, /line 2: the identity holds a slash/],
    [`rotate-passwords --identities ${folder}/none`, /does not exist/],
    ['rotate-passwords --all --colour', /unknown option/],
  ]
  for (const [line, message] of cases) {
    const { code, err } = await run(`create ${line}`)
    assert.equal(code, 2, line)
    assert.match(err, message, line)
  }
})

test('watch writes a line for each change and ends with the campaign', async (t) => {
  const setting = await setUp(t)
  const { run, w } = setting
  const minute = () => w.clock.advance(60_000)
  const line = 'create rotate-passwords --all --canary 0 --pace 4 --watch'
  const still = async () => {}
  const { code, out } = await run(line, { turns: [minute, still, minute, minute, minute] })
  assert.equal(code, 0)
  const lines = out.trim().split('\n').slice(-4)
  assert.match(
    lines[0] ?? '',
    /^running: 0 of 10 done, 0 failed, 10 waiting|^running: 0 of 10|^running: 1 of 10/,
  )
  assert.match(lines[1] ?? '', /^running: 5 of 10 done, 0 failed, 5 waiting$/)
  assert.match(lines[2] ?? '', /^running: 9 of 10 done/)
  assert.equal(lines[3], 'finished (10 done, 0 failed, 0 skipped): 10 of 10 done, 0 failed')
})

test('watch draws a bar on a terminal; Ctrl-C ends the watching only, and says so', async (t) => {
  const setting = await setUp(t)
  const { run, w } = setting
  w.connected.delete('CP0009')
  await run('create rotate-passwords --all --canary 0 --pace 60000')
  const id = await lastId(setting)
  const { code, out, err } = await run(`watch ${id}`, {
    isTerminal: true,
    turns: [() => w.clock.advance(60_000), async () => {}],
  })
  assert.equal(code, 0)
  assert.equal(out, '')
  assert.ok(err.includes('\r\u001b[K['))
  assert.match(err, /\[#{27}-{3}\] 90% 9 of 10 done, 0 failed, 1 waiting \(1 not connected\)\n/)
  assert.match(err, /goes on without being watched/)
  assert.equal((await w.campaigns.get(id)).state, 'running')
})

test('watch outlives a proxy that is away, and says when there is none', async () => {
  const view = (state: CampaignAnswer['state'], done: number) => {
    const counts = { waiting: 2 - done, running: 0, done, failed: 0, skipped: 0 }
    return { id: 'c1', state, stateDetail: null, counts, waits: null } as CampaignAnswer
  }
  const away = new ProxyError('no_proxy', 'operator', 'nobody listens')
  const seen = [view('running', 0), away, away, view('running', 1), view('paused', 1), view('finished', 2)]
  let [out, err] = ['', '']
  const shell = {
    out: async (text: string) => {
      out += text
    },
    err: (text: string) => {
      err += text
    },
    wait: async () => true,
  } as unknown as Shell
  const get = async () => {
    const next = seen.shift()
    if (next instanceof ProxyError || next === undefined) throw next
    return next
  }
  const last = await watchCampaign(shell, { isLive: false, get }, 'c1', false)
  assert.equal(last?.state, 'finished')
  assert.match(err, /^no proxy runs/)
  assert.deepEqual(
    out.split('\n').map((line) => line.split(' done')[0]),
    ['running: 0 of 2', 'running: 1 of 2', 'paused: 1 of 2', 'finished: 2 of 2', ''],
  )
  seen.push(away)
  await assert.rejects(watchCampaign(shell, { isLive: true, get }, 'c1', false), { code: 'no_proxy' })
})

test('failures: watch and report end with 1, and the report says which and why', async (t) => {
  const setting = await setUp(t)
  const { run, w } = setting
  for (const identity of ['CP0002', 'CP0005']) w.answers.set(identity, async () => refused)
  const watched = await run(
    'create rotate-passwords --all --canary 0 --pace 60000 --attempts 1 --max-failures 2 --concurrency 1 --watch --json',
    { turns: [() => w.clock.advance(60_000)] },
  )
  assert.equal(watched.code, 1)
  const last = JSON.parse(watched.out.trim().split('\n').at(-1) ?? '')
  assert.equal(last.state, 'stopped')
  const id = await lastId(setting)
  const { code, out } = await run(`report ${id}`)
  assert.equal(code, 1)
  assert.match(out, /^state +stopped \(2 failed, 2 are the limit\)$/m)
  assert.match(out, /^2 +failed +refused +CP0002, CP0005$/m)
  assert.match(out, /^CP0002 +failed +1 +refused +\S+Z +Rejected by \\u\{1b\}\[31mCP$/m)
  const { codes, chargePoints } = JSON.parse((await run(`report ${id} --state failed --json`)).out)
  assert.deepEqual(codes, [{ state: 'failed', code: 'refused', count: 2, examples: ['CP0002', 'CP0005'] }])
  assert.equal(chargePoints.length, 2)
  assert.equal((await run(`report ${id} --state broken`)).code, 2)
})

test('pause, resume and cancel go to the proxy; what does not fit ends with 1', async (t) => {
  const setting = await setUp(t)
  const { run, w } = setting
  w.answers.set('CP0000', async () => refused)
  await run('create rotate-passwords --all --canary 1 --pace 60000 --attempts 1')
  const id = await lastId(setting)
  await w.clock.advance(60_000)
  assert.equal((await w.campaigns.get(id)).state, 'stopped')
  assert.equal((await run(`pause ${id}`)).code, 1)
  w.answers.clear()
  assert.match((await run(`resume ${id} --retry-failed`)).out, /is running/)
  assert.match((await run(`pause ${id}`)).out, /is paused/)
  assert.match((await run(`cancel ${id} --json`)).out, /"state":"stopped"/)
  await run(`resume ${id}`)
  await w.clock.advance(60_000)
  assert.equal((await w.campaigns.get(id)).counts.done, 10)
  const unknown = await run('cancel nothing')
  assert.deepEqual([unknown.code, unknown.err], [1, 'error: there is no campaign nothing\n'])
})

test('list, show and report read the store when no proxy runs', async (t) => {
  const setting = await setUp(t)
  const { run, w } = setting
  assert.equal((await run('list', { to: 'store' })).out, 'no campaigns\n')
  await run('create rotate-passwords --all --canary 0 --pace 60000')
  const id = await lastId(setting)
  await w.clock.advance(60_000)
  const shown = await run(`show ${id} --json`, { to: 'store' })
  assert.deepEqual(JSON.parse(shown.out), JSON.parse((await run(`show ${id} --json`)).out))
  assert.match((await run('list', { to: 'store' })).out, /finished +10\/10 +0/)
  const { code, out } = await run(`report ${id}`, { to: 'store' })
  assert.equal(code, 0)
  assert.match(out, /^CP0009 +done +1 +- /m)
  assert.equal((await run('show nothing', { to: 'store' })).code, 1)
})

test('help has examples and exit codes', async (t) => {
  const { run } = await setUp(t, 0)
  const { code, out } = await run('create --help')
  assert.equal(code, 0)
  assert.match(out, /ocpp-security-proxy campaign create upgrade-profile --to 2/)
  assert.match(out, /Exit codes: 0/)
})
