import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger } from '../../../src/observe/log.ts'
import { createMessageSchemas } from '../../../src/ocpp/message-schemas.ts'
import type { FirmwareStore } from '../../../src/store/store.ts'
import { createSignedFirmware } from '../../../src/usecases/signed-firmware/signed-firmware.ts'
import { firmwareEntry } from '../../store/contract/firmware.ts'
import { fakeSession } from '../../support/fake-session.ts'

const location = 'https://files.example/v2.bin'
const retrieveDate = '2026-11-26T12:00:00Z'

/** What becomes of an UpdateFirmware. */
async function fateOf(payload: Record<string, unknown>, withoutEntry: 'pass' | 'refuse'): Promise<string> {
  const firmware = { list: async () => [firmwareEntry('v2', { location })] } as unknown as FirmwareStore
  const { useCase } = createSignedFirmware({
    ...{ firmware, schemas: createMessageSchemas(), log: createLogger('silent') },
    sessions: { get: () => null, all: () => [] },
    verifier: { verify: async () => [] },
    mode: () => 'answer',
    settings: () => ({ withoutEntry, withoutSupport: 'none' }),
    note: () => {},
    now: () => 1_795_000_000_000,
  })
  const call = { direction: 'to-charge-point', id: '1', action: 'UpdateFirmware', payload } as const
  const fate = await useCase.onCall?.(call, fakeSession({}))
  return fate?.kind === 'answer' && fate.answer.kind === 'error' ? fate.answer.code : (fate?.kind ?? 'none')
}

for (const [payload, code] of [
  [{ location }, 'OccurenceConstraintViolation'],
  [{ location, retrieveDate: 'soon' }, 'PropertyConstraintViolation'],
  [{ location, retrieveDate, retries: '3' }, 'TypeConstraintViolation'],
  [{ location, retrieveDate, retryInterval: -1 }, 'PropertyConstraintViolation'],
] as const) {
  test(`[A00.FR.706] one that cannot be translated is not passed on unsigned: ${JSON.stringify(payload)}`, async () =>
    assert.equal(await fateOf(payload, 'pass'), code))
}

test('[A00.FR.706] nor does a location that is no text get by withoutEntry: refuse', async () => {
  assert.equal(await fateOf({ location: [location], retrieveDate }, 'refuse'), 'SecurityError')
  assert.equal(await fateOf({ location: [location], retrieveDate }, 'pass'), 'forward')
})
