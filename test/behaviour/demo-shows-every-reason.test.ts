import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { lanes } from '../../src/cli/demo/honest.ts'
import { demoReasons, notShown } from '../../src/cli/demo/not-shown.ts'
import type { DemoResult } from '../../src/cli/demo/report.ts'
import { reasons } from '../../src/policy/reasons.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

test('npm run demo admits the honest, refuses one for every reason, and leaves nothing', async (context) => {
  // A place of its own: other demos may run at the same time.
  const place = mkdtempSync(join(tmpdir(), 'ocpp-demo-place-'))
  context.after(() => rmSync(place, { recursive: true, force: true }))
  const child = spawn(process.execPath, [main, 'demo', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: place },
  })
  // SIGTERM, so that it ends its own proxies.
  context.after(() => child.kill('SIGTERM'))
  const [output, progress, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  const result: DemoResult = JSON.parse(output)

  for (const lane of lanes) {
    const title = `${lane.identity} is admitted on profile ${lane.profile} over ${lane.negotiates}`
    await context.test(`[A00.FR.001] ${title}`, () => {
      const fits = (row: DemoResult['honest'][number]) =>
        row.who === lane.identity && row.tls.startsWith(lane.negotiates)
      const rows = result.honest.filter(fits)
      assert.equal(rows.length, 1, progress)
      assert.deepEqual(rows[0]?.surprises, [])
      assert.equal(rows[0]?.obeyed, 'TriggerMessage')
      assert.equal(rows[0]?.messages.length, 6)
    })
  }
  for (const reason of demoReasons) {
    const ids = reasons[reason].requirements.join('][')
    await context.test(`${ids === '' ? '' : `[${ids}] `}${reason} is refused, seen from both ends`, () => {
      const rows = result.refusals.filter((row) => row.reason === reason)
      assert.equal(rows.length, 1, progress)
      assert.deepEqual(rows[0]?.surprises, [])
      assert.deepEqual([rows[0]?.metric, rows[0]?.kept, rows[0]?.logged], [1, 1, 1])
    })
  }
  await context.test('there is nothing else, nothing is wrong, and nothing is left', () => {
    assert.equal(result.refusals.length, demoReasons.length)
    assert.equal(result.honest.length, lanes.length)
    assert.deepEqual(result.surprises, [])
    assert.deepEqual(result.notShown, notShown)
    assert.deepEqual([result.ok, code], [true, 0])
    assert.deepEqual(
      readdirSync(place).filter((name) => name.startsWith('ocpp-security-proxy-demo-')),
      [],
    )
  })
})
