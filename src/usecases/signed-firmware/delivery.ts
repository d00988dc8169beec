import { messageOf } from '../../policy/error.ts'
import { coreStatusOf } from '../../policy/firmware.ts'
import type { SignedFirmwareContext } from './context.ts'

/** Tells the central system what it has not heard yet, in order, in the name of the charge point. */
export interface Delivery {
  /** At once where the charge point is connected; else with its next session. Never rejected. */
  deliver(identity: string): Promise<void>
}

export function createDelivery({ updates, sessions, log }: SignedFirmwareContext): Delivery {
  /** One at a time for each charge point, so that their order stays. */
  const busy = new Map<string, { again: boolean }>()

  async function tellAll(identity: string): Promise<void> {
    for (;;) {
      const session = sessions.get(identity)
      const [status] = (await updates.of(identity))?.untold ?? []
      if (status === undefined || session === null || !session.isOpen) return
      const told = await session.callCentralSystem('FirmwareStatusNotification', {
        status: coreStatusOf(status),
      })
      // An error is an answer: it was heard, and the same again would be answered the same.
      if (told.kind === 'not-sent' || told.kind === 'no-answer') return
      await updates.change(identity, (before) =>
        before?.untold[0] === status ? { ...before, untold: before.untold.slice(1) } : null,
      )
    }
  }

  return {
    async deliver(identity) {
      const under = busy.get(identity)
      if (under !== undefined) {
        under.again = true
        return
      }
      const mine = { again: true }
      busy.set(identity, mine)
      try {
        while (mine.again) {
          mine.again = false
          await tellAll(identity)
        }
      } catch (error) {
        log.error({ identity, err: messageOf(error) }, 'a firmware status did not reach the central system')
      } finally {
        busy.delete(identity)
      }
    },
  }
}
