import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProxyEvent } from '../../../src/events/proxy-event.ts'
import { createLogger } from '../../../src/observe/log.ts'
import { createMessageSchemas } from '../../../src/ocpp/message-schemas.ts'
import type { FirmwareStore, FirmwareUpdate } from '../../../src/store/store.ts'
import { createSignedFirmware } from '../../../src/usecases/signed-firmware/signed-firmware.ts'
import { fakeSession } from '../../support/fake-session.ts'

test('[CWE-770] whoever asks, or reports, again and again makes one event of it a minute', async () => {
  const events: ProxyEvent[] = []
  let update: FirmwareUpdate | null = null
  let now = 1_795_000_000_000
  const firmware = {
    list: async () => [],
    updateOf: async () => update,
    setUpdate: async (next: FirmwareUpdate) => {
      update = next
    },
  } as unknown as FirmwareStore
  const { useCase } = createSignedFirmware({
    ...{ firmware, schemas: createMessageSchemas(), log: createLogger('silent') },
    sessions: { get: () => null, all: () => [] },
    verifier: { verify: async () => [] },
    mode: () => 'answer',
    settings: () => ({ withoutEntry: 'refuse', withoutSupport: 'plain' }),
    note: (event) => events.push(event),
    now: () => now,
  })
  const session = fakeSession({})
  const retrieveDate = '2026-11-26T12:00:00Z'
  const both = async (count: number): Promise<void> => {
    const asked = { action: 'UpdateFirmware', payload: { location: `http://a/${count}`, retrieveDate } }
    const status = { status: 'InvalidSignature', requestId: count }
    const told = { action: 'SignedFirmwareStatusNotification', payload: status }
    const refused = await useCase.onCall?.({ direction: 'to-charge-point', id: '1', ...asked }, session)
    assert.partialDeepStrictEqual(refused, { answer: { code: 'SecurityError' } })
    const heard = await useCase.onCall?.({ direction: 'to-central-system', id: '2', ...told }, session)
    assert.partialDeepStrictEqual(heard, { answer: { kind: 'result' } }, 'it is confirmed all the same')
  }
  for (let count = 0; count < 50; count += 1) await both(count)
  const types = ['FirmwareUpdateRefused', 'InvalidFirmwareSignature']
  assert.deepEqual(
    events.map(({ type }) => type),
    types,
  )
  now += 60_000
  await both(50)
  assert.deepEqual(
    events.slice(2).map(({ techInfo }) => /\(and 49 times since it was said last\)$/.test(techInfo ?? '')),
    [true, true],
  )
})
