import { type KeyFinding, quote, warning } from '../../config/problem.ts'
import type { Config } from '../../config/schema.ts'
import { actions, isActionName } from '../../ocpp/actions.ts'

/**
 * Names in `messages.fromCentralSystem` that mean nothing there. Not an error: an action of a
 * manufacturer, or of a later edition, may be meant.
 */
export function checkMessages({ messages }: Pick<Config, 'messages'>): KeyFinding[] {
  const { allow = [], deny } = messages.fromCentralSystem
  const lists = { allow, deny }
  return (['allow', 'deny'] as const).flatMap((list) =>
    lists[list].flatMap((action, index) => {
      const text = problemOf(action)
      return text === null ? [] : [warning(['messages', 'fromCentralSystem', list, index], text)]
    }),
  )
}

function problemOf(action: string): string | null {
  if (isActionName(action)) {
    return actions[action].sender === 'charge-point'
      ? `${action} is sent by charge points only; this list is for the central system`
      : null
  }
  const meant = Object.keys(actions).find((name) => name.toLowerCase() === action.trim().toLowerCase())
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`
  return `${quote(action)} is no action of OCPP 1.6${hint}`
}
