import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startFileServer } from '../support/file-server.ts'
import { startLogProxy } from '../support/log-proxy.ts'

const action = 'DiagnosticsStatusNotification'

test('[N01.FR.01] a central system of the core asks for diagnostics, and a charge point of today uploads its log', async (t) => {
  const files = await startFileServer(t, (_request, response) => void response.writeHead(201).end())
  const { proxy, logs } = await startLogProxy(t, { translateGetDiagnostics: true })
  await proxy.register('CP-1')
  const chargePoint = proxy.chargePoint('basic-auth-tls')
  await chargePoint.connect()
  await chargePoint.boot()
  const { central } = proxy
  const ask = () => central.send('CP-1', 'GetDiagnostics', { location: `${files.url}/in/` })
  const statuses = () =>
    central
      .messages('CP-1')
      .flatMap(({ message }) =>
        message?.kind === 'call' && message.action === action ? [message.payload.status] : [],
      )
  const last = (status: string) =>
    proxy.log.wait(status, (line) => line.msg === 'status of a charge point' && line.status === status)

  /** Fulfilled when this is the last one that the central system has heard, and the charge point is done with it. */
  const heard = async (status: string) => {
    while (statuses().at(-1) !== status) await central.nextMessage({ identity: 'CP-1' })
    // Behind it on the line: the charge point has its answer as well.
    await chargePoint.heartbeat()
  }

  const uploaded = last('Uploaded')
  const answer = await ask()
  assert.ok(answer.kind === 'result')
  assert.match(String(answer.payload.fileName), /^DiagnosticsLog-/)
  await uploaded
  await heard('Uploaded')
  assert.deepEqual(statuses(), ['Uploading', 'Uploaded'])
  assert.match(files.seen[0]?.url ?? '', /^\/in\/DiagnosticsLog-/)
  assert.partialDeepStrictEqual((await logs())[0], {
    origin: 'central-system',
    status: 'Uploaded',
    upload: null,
  })

  chargePoint.behaveAboutLogs({ getLog: 'permission-denied' })
  const denied = last('PermissionDenied')
  assert.equal((await ask()).kind, 'result')
  await denied
  await heard('UploadFailed')

  const trigger = { requestedMessage: action }
  assert.deepEqual(await central.send('CP-1', 'TriggerMessage', trigger), {
    ...{ kind: 'result', payload: { status: 'Accepted' } },
  })
  await last('Idle')
  await heard('Idle')

  chargePoint.behaveAboutLogs({ getLog: 'refuse' })
  assert.deepEqual(await ask(), { kind: 'result', payload: {} })
  chargePoint.behaveAboutLogs({ getLog: 'not-supported' })
  assert.deepEqual(await ask(), { kind: 'result', payload: {} })
  const seen = chargePoint.unsolicited.list()
  assert.deepEqual(seen.slice(-2), ['GetLog', 'GetDiagnostics'], 'its own words went on')
  assert.deepEqual(central.foreign(), [], 'the central system knows nothing of it')
})
