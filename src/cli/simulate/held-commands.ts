import type { SimulatorEvent } from '../../simulator/event.ts'

/** Commands for charge points that are still to come: a line that is piped in is there before anybody is. */
export interface HeldCommands<Command> {
  /** False: too many wait. */
  hold(identity: string, command: Command): boolean
  /** Gives what waits for a charge point to `send`, in order, once it was answered for the first time. */
  seen(event: SimulatorEvent): void
}

const maxHeld = 1000

export function createHeldCommands<Command>(send: (command: Command) => void): HeldCommands<Command> {
  const held = new Map<string, Command[]>()
  let count = 0
  return {
    hold(identity, command) {
      if (count >= maxHeld) return false
      count += 1
      held.set(identity, [...(held.get(identity) ?? []), command])
      return true
    },
    seen(event) {
      // Before its BootNotification was answered it may refuse everything (OCPP 1.6, 4.2).
      if (event.kind !== 'sent' || event.message.kind === 'call') return
      const commands = held.get(event.identity) ?? []
      held.delete(event.identity)
      count -= commands.length
      for (const command of commands) send(command)
    },
  }
}
