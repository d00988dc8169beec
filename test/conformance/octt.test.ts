import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProxy } from '../support/proxy.ts'
import { Octt } from './octt.ts'

test('the tool notices what its script does not expect', async (t) => {
  const proxy = await startProxy(t)
  const begin = async (identity: string) => {
    const tool = new Octt(t, proxy, identity)
    await tool.connect('basic-auth', { password: await proxy.register(identity) })
    await tool.boot()
    await tool.quiet()
    return tool
  }

  await t.test('a CALL of the central system', async () => {
    const tool = await begin('CP-1')
    void proxy.central.send('CP-1', 'ClearCache', {})
    await assert.rejects(tool.quiet(), /CALLs that the script does not expect/)
    await assert.rejects(tool.expect('Reset', 'central system', {}), /a CALL that the script does not expect/)
  })
  await t.test('a CALL of somebody else than expected', async () => {
    const tool = await begin('CP-2')
    void proxy.central.send('CP-2', 'ClearCache', {})
    await assert.rejects(tool.expect('ClearCache', 'proxy', { status: 'Accepted' }), /who sent ClearCache/)
  })
  await t.test('an answer that nobody waits for', async () => {
    const tool = await begin('CP-3')
    proxy.central.sendText('CP-3', '[3,"never asked",{}]')
    await assert.rejects(tool.quiet(), /what is no CALL, and no answer to one|the line has ended/)
  })
  await t.test('a message that reaches the central system', async () => {
    const tool = await begin('CP-4')
    tool.line.send('[2,"other","Heartbeat",{}]')
    await assert.rejects(tool.quiet())
  })
  await t.test('an upgrade that should have been refused', async () => {
    const password = await proxy.register('CP-5')
    await assert.rejects(new Octt(t, proxy, 'CP-5').refused('basic-auth', { password }), /has let it in/)
  })
})
