import { ChargePoint, createFleet } from './charge-point.ts'
import type { LoadCommand, LoadReply, LoadResult, LoadSetting } from './commands.ts'
import { handshakes } from './handshakes.ts'
import { closedLoop, openLoop } from './loops.ts'

/** The load generator, in a process of its own. Takes commands from its parent, one at a time. */

const setting: LoadSetting = JSON.parse(process.argv[2] ?? '{}')
const fleet = createFleet(setting)
let chargePoints: ChargePoint[] = []

/** How many connections are opened at once. */
const openAtOnce = 32

async function run(command: LoadCommand): Promise<LoadResult> {
  switch (command.what) {
    case 'connect':
      return connectAll(command.count)
    case 'disconnect':
      return disconnectAll()
    case 'one-each':
      return closedLoop(chargePoints, 0)
    case 'closed-loop':
      return closedLoop(chargePoints, command.seconds)
    case 'open-loop':
      return openLoop(chargePoints, command.seconds, command.rate)
    case 'handshakes':
      return handshakes(fleet, command.seconds, command.resumed)
  }
}

async function connectAll(count: number): Promise<LoadResult> {
  const start = performance.now()
  let next = chargePoints.length + 1
  const opener = async (): Promise<void> => {
    while (next <= count) {
      const chargePoint = new ChargePoint(fleet, next++, undefined)
      await chargePoint.opened()
      chargePoints.push(chargePoint)
    }
  }
  await Promise.all(Array.from({ length: openAtOnce }, opener))
  return counted(count, start)
}

async function disconnectAll(): Promise<LoadResult> {
  const start = performance.now()
  const closing = chargePoints
  chargePoints = []
  await Promise.all(closing.map((chargePoint) => chargePoint.close()))
  return counted(closing.length, start)
}

function counted(done: number, start: number): LoadResult {
  return { done, seconds: (performance.now() - start) / 1000, p50: 0, p99: 0 }
}

process.on('message', async (command: LoadCommand) => {
  let reply: LoadReply
  try {
    reply = { ok: true, result: await run(command) }
  } catch (problem) {
    reply = { ok: false, message: problem instanceof Error ? problem.message : String(problem) }
  }
  process.send?.(reply)
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
