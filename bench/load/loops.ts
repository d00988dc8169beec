import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import type { ChargePoint } from './charge-point.ts'
import type { LoadResult } from './commands.ts'

/** The ways to send CALLs over open charge points. All throw Error when a connection is lost meanwhile. */

/** Each sends its next CALL when it has its answer, for `seconds` (0: one CALL each). */
export function closedLoop(chargePoints: readonly ChargePoint[], seconds: number): Promise<LoadResult> {
  const latencies = createHistogram()
  const start = performance.now()
  const until = start + seconds * 1000
  return new Promise((resolve, reject) => {
    let open = chargePoints.length
    const onAnswer = (chargePoint: ChargePoint): void => {
      const now = performance.now()
      record(latencies, now - chargePoint.dueAt)
      if (now < until) {
        chargePoint.dueAt = now
        chargePoint.send()
      } else if (--open === 0) {
        resolve(resultOf(latencies, start))
      }
    }
    watch(chargePoints, onAnswer, reject)
    for (const chargePoint of chargePoints) {
      chargePoint.dueAt = performance.now()
      chargePoint.send()
    }
  })
}

/**
 * `rate` CALLs a second, each by the charge point that is free for longest. When none is free the
 * CALL waits, and its latency counts from when it was due: a slow peer cannot hide behind it.
 */
export function openLoop(
  chargePoints: readonly ChargePoint[],
  seconds: number,
  rate: number,
): Promise<LoadResult> {
  const latencies = createHistogram()
  const total = Math.floor(rate * seconds)
  const start = performance.now()
  return new Promise((resolve, reject) => {
    let free = [...chargePoints]
    let nextFree = 0
    let due = 0
    let sent = 0
    let answered = 0
    const dueTimes = new Float64Array(total)
    const sendDue = (): void => {
      while (sent < due && nextFree < free.length) {
        const chargePoint = free[nextFree++]
        if (chargePoint === undefined) return
        chargePoint.dueAt = dueTimes[sent++] ?? 0
        chargePoint.send()
      }
      if (nextFree > 4 * chargePoints.length) {
        free = free.slice(nextFree)
        nextFree = 0
      }
    }
    const tick = (): void => {
      const now = performance.now()
      const dueNow = Math.min(total, Math.floor(((now - start) / 1000) * rate))
      // Timers are coarse: what falls into one tick is due at the tick, not before it.
      while (due < dueNow) dueTimes[due++] = now
      sendDue()
      if (due < total) setTimeout(tick, 1)
    }
    const onAnswer = (chargePoint: ChargePoint): void => {
      record(latencies, performance.now() - chargePoint.dueAt)
      free.push(chargePoint)
      sendDue()
      if (++answered === total) resolve(resultOf(latencies, start))
    }
    watch(chargePoints, onAnswer, reject)
    tick()
  })
}

function watch(
  chargePoints: readonly ChargePoint[],
  onAnswer: (chargePoint: ChargePoint) => void,
  reject: (problem: Error) => void,
): void {
  for (const chargePoint of chargePoints) {
    chargePoint.onAnswer = onAnswer
    chargePoint.onLost = (why) => reject(new Error(`a connection was lost: ${why}`))
  }
}

/** Adds a latency in milliseconds; histograms hold whole nanoseconds. */
export function record(latencies: RecordableHistogram, milliseconds: number): void {
  latencies.record(Math.max(1, Math.round(milliseconds * 1e6)))
}

/** What the histogram holds, since `start`. */
export function resultOf(latencies: RecordableHistogram, start: number): LoadResult {
  return {
    done: latencies.count,
    seconds: (performance.now() - start) / 1000,
    p50: latencies.percentile(50) / 1000,
    p99: latencies.percentile(99) / 1000,
  }
}
