import assert from 'node:assert/strict'
import type { ChargePoint } from '../../src/simulator/charge-point.ts'
import type { SecurityEventRecord } from '../../src/store/security-events.ts'

interface Report {
  readonly identity: string
  readonly type: string
  readonly timestamp: string
  readonly techInfo: string
}

/** Security events of charge points, and which of them were confirmed. */
export class EventReports {
  readonly #confirmed: Report[] = []
  /** Sent, and not confirmed: sent again, as charge points do. */
  readonly #open = new Map<string, Report>()

  get confirmed(): number {
    return this.#confirmed.length
  }

  /** Of how many charge points the last one was not confirmed. */
  get open(): number {
    return this.#open.size
  }

  /** False: it was not confirmed. */
  async send(chargePoint: ChargePoint, identity: string, type: string, techInfo: string): Promise<boolean> {
    return this.#send(chargePoint, { identity, type, techInfo, timestamp: new Date().toISOString() })
  }

  /** What was left open is sent again as it was. */
  async sendAgain(chargePoint: ChargePoint, identity: string): Promise<void> {
    const report = this.#open.get(identity)
    if (report !== undefined) assert.ok(await this.#send(chargePoint, report), `${identity} reports again`)
  }

  async #send(chargePoint: ChargePoint, report: Report): Promise<boolean> {
    const { identity, ...payload } = report
    this.#open.set(identity, report)
    if ((await chargePoint.call('SecurityEventNotification', payload)).kind !== 'result') return false
    this.#open.delete(identity)
    this.#confirmed.push(report)
    return true
  }

  /** Every one that was confirmed is there, and once. */
  assertKept(stored: readonly SecurityEventRecord[]): void {
    const counts = new Map<string, number>()
    for (const event of stored) counts.set(keyOf(event), (counts.get(keyOf(event)) ?? 0) + 1)
    const wrong = this.#confirmed.map((one) => [keyOf(one), counts.get(keyOf(one)) ?? 0] as const)
    assert.deepEqual(
      wrong.filter(([, count]) => count !== 1),
      [],
      'confirmed, and not stored exactly once',
    )
  }
}

function keyOf({
  identity,
  type,
  timestamp,
  techInfo,
}: Omit<Report, 'identity' | 'techInfo'> & {
  readonly identity: string | null
  readonly techInfo: string | null
}): string {
  return JSON.stringify([identity, type, timestamp, techInfo])
}
