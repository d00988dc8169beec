import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { assertServed, refusalOf } from '../support/refused.ts'

const promtoolProblem: string | false =
  spawnSync('promtool', ['--version']).status === 0 ? false : 'promtool is not installed'

test('promtool check metrics is silent about a proxy that works', { skip: promtoolProblem }, async (t) => {
  const proxy = await startProxy(t)
  await proxy.register()
  await assertServed(proxy, proxy.chargePoint('basic-auth-tls'))
  await refusalOf(proxy.chargePoint('basic-auth'))
  const page = await fetch(`http://127.0.0.1:${proxy.port('admin')}/metrics`)
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: await page.text(), encoding: 'utf8' })
  assert.deepEqual([checked.status, checked.stdout, checked.stderr], [0, '', ''])
})
