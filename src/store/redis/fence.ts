import { setImmediate as nextTurn } from 'node:timers/promises'
import { ProxyError } from '../../policy/error.ts'
import type { Fence } from '../shared.ts'
import type { RegistryKeys } from './charge-points.ts'
import type { Transaction } from './transaction.ts'

/**
 * On what standing this replica writes about a charge point. null: as somebody who acts for no session, such as
 * an operator, and is not bound to who has it.
 */
export type FenceOf = ((identity: string) => Fence) | null

/**
 * Whoever lost an identity to another replica must not write about it any more, however late its write
 * arrives: the token that it got with the identity has to be the present one. Throws ProxyError
 * `lease_lost`, or `lease_missing` for a writer that never had one.
 */
export async function checkFence(
  transaction: Transaction,
  keys: RegistryKeys,
  identity: string,
  fenceOf: FenceOf,
): Promise<void> {
  const fence = fenceOf?.(identity)
  if (fence === undefined) return
  if (fence === 'unleased') {
    const message = `no lease of ${identity} is known here: nothing that lasts is written`
    throw new ProxyError('lease_missing', 'operator', message)
  }
  const owner = await transaction.get(keys.owners, identity)
  const token = owner === null ? undefined : parseOwner(owner)?.token
  if (token === fence) return
  // A charge point that comes back to this replica meanwhile has been given a new token, whose answer came before this
  // one: it is known a turn later.
  await nextTurn()
  if (token !== undefined && token === fenceOf?.(identity)) return
  throw new ProxyError('lease_lost', 'proxy', `another replica has the session of ${identity} by now`)
}

/** Who has an identity. */
export interface Owner {
  readonly token: number
  /** `released`: nobody has it any more, and nobody has taken it since. */
  readonly replica: string
}

/** In place of a replica: the name of none, which is never alive. */
export const released = '-'

export const ownerText = ({ token, replica }: Owner): string => `${token} ${replica}`

export function parseOwner(text: string): Owner | null {
  const match = /^(\d{1,15}) (.{1,200})$/.exec(text)
  return match === null ? null : { token: Number(match[1]), replica: match[2] ?? '' }
}
