import { setImmediate } from 'node:timers/promises'
import { Wire } from '../../../src/app/replicas/wire.ts'

export const key = Buffer.alloc(32, 1)

interface Passed {
  readonly to: string | null
  readonly message: string
}

/** Replicas on a bus in memory that delivers in order and later, with what passes over it. */
export function wireSetting() {
  const listeners = new Map<string, (message: string) => void>()
  const passed: Passed[] = []
  const warnings: string[] = []
  const drops: string[] = []
  const clock = { at: 0 }
  /** Messages for this channel are lost: null is that of all. */
  const cut = { lost: false }
  const deliver = ({ to, message }: Passed) => {
    const heard = [...listeners].filter(([name]) => to === null || name === to)
    for (const [, listener] of heard) queueMicrotask(() => listener(message))
    return heard.length
  }

  async function replica(self: string, sealingKey = key): Promise<Wire> {
    const bus = {
      listen: async (listener: (message: string) => void) => void listeners.set(self, listener),
      publish: async (to: string | null, message: string) => {
        passed.push({ to, message })
        return cut.lost ? 1 : deliver({ to, message })
      },
    }
    const log = { warn: (_: object, text: string) => void warnings.push(text) }
    const dropped = (reason: string) => void drops.push(`${self} ${reason}`)
    const wire = new Wire({ self, bus, sealingKey, log, now: () => clock.at, dropped })
    await wire.start()
    await quiet()
    return wire
  }

  return {
    replica,
    listeners,
    passed,
    warnings,
    drops,
    clock,
    cut,
    /** Says again what was said; whoever may publish can. */
    repeat: async (messages: readonly Passed[]) => {
      for (const one of messages) deliver(one)
      await quiet()
    },
    end: (self: string) => listeners.delete(self),
  }
}

/** Everything that was said, and said because of it, is heard. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await setImmediate()
}
