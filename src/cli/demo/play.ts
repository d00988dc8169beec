import { messageOf } from '../../policy/error.ts'
import { driveHonest, type HonestRow, lanes } from './honest.ts'
import { measureRefusal, type RefusalRow } from './measure.ts'
import { notShown } from './not-shown.ts'
import { refusalOrder, refusals } from './refusals.ts'
import type { DemoResult } from './report.ts'
import { createWorld, type World } from './world.ts'

/** Whoever watches: called as it happens. */
export interface Audience {
  step(text: string): void
  honestBegins(): void
  honest(row: HonestRow): void
  refusalsBegin(): void
  refusal(row: RefusalRow): void
}

/** Of a proxy after SIGTERM, beyond its drain.timeout. */
const exitMs = 10_000

/** The whole demo; `program` are the words that run this program. Throws when it cannot even begin. */
export async function play(
  program: readonly string[],
  audience: Audience,
  stop: AbortSignal,
): Promise<DemoResult> {
  const startedAt = performance.now()
  const world = await createWorld(program, (step) => audience.step(step))
  const honest: HonestRow[] = []
  const rows: RefusalRow[] = []
  try {
    audience.honestBegins()
    for (const lane of lanes) {
      stop.throwIfAborted()
      const row = await driveHonest(lane, world)
      honest.push(row)
      audience.honest(row)
    }
    audience.refusalsBegin()
    for (const reason of refusalOrder) {
      stop.throwIfAborted()
      const row = await measureRefusal(reason, refusals[reason], world)
      rows.push(row)
      audience.refusal(row)
    }
    const surprises = await lastLook(world)
    const ok = [...honest, ...rows].every((row) => row.surprises.length === 0) && surprises.length === 0
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10
    return { ok, seconds, honest, refusals: rows, notShown, surprises }
  } finally {
    await world.close()
  }
}

/** Both proxies end well after SIGTERM, and none of them has ever said a password (A01.FR.09). */
async function lastLook({ sites, passwords }: World): Promise<string[]> {
  const surprises: string[] = []
  for (const [name, { proxy }] of Object.entries(sites)) {
    try {
      proxy.terminate()
      const code = await withTimeout(proxy.exit)
      if (code !== 0) surprises.push(`the ${name} proxy ended with ${code} after SIGTERM`)
    } catch (error) {
      surprises.push(`the ${name} proxy: ${messageOf(error)}`)
    }
    const log = proxy.lines.join('\n').toLowerCase()
    for (const [identity, key] of passwords) {
      const forms = [key.toString('hex'), key.toString('base64').toLowerCase()]
      if (forms.some((form) => log.includes(form)))
        surprises.push(`the password of ${identity} is in the log of the ${name} proxy`)
    }
  }
  return surprises
}

async function withTimeout<Result>(promise: Promise<Result>): Promise<Result> {
  const { promise: expired, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`did not end within ${exitMs} ms`)), exitMs)
  return Promise.race([promise, expired]).finally(() => clearTimeout(timer))
}
