import type { TestContext } from 'node:test'
import {
  type CentralSystem,
  type CentralSystemOptions,
  createCentralSystem,
} from '../../src/simulator/central-system.ts'
import {
  type ChargePoint,
  type ChargePointOptions,
  createChargePoint,
} from '../../src/simulator/charge-point.ts'
import type { EventListener } from '../../src/simulator/event.ts'
import { keep } from '../support/transcript.ts'

/** What a simulator tells, for scripts/grep-secrets.ts, and for the test. */
function kept(listener: EventListener | undefined): EventListener {
  return (event) => {
    keep('simulator', JSON.stringify(event))
    listener?.(event)
  }
}

/** A central system that listens, and a charge point made for it; both end with the test. */
export async function simulators(
  t: TestContext,
  chargePointOptions: Partial<ChargePointOptions> = {},
  centralOptions: CentralSystemOptions = {},
): Promise<{ readonly central: CentralSystem; readonly chargePoint: ChargePoint; readonly port: number }> {
  const central = createCentralSystem({ ...centralOptions, onEvent: kept(centralOptions.onEvent) })
  const { url, port } = await central.listen()
  const chargePoint = createChargePoint({
    url,
    identity: 'CP-1',
    securityProfile: 0,
    backoff: { initialMs: 1, maxMs: 10 },
    ...chargePointOptions,
    onEvent: kept(chargePointOptions.onEvent),
  })
  t.after(async () => {
    await chargePoint.close()
    await central.close()
  })
  return { central, chargePoint, port }
}
