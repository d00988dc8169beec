import { ProxyError } from '../../policy/error.ts'
import type { CampaignKeys } from './campaign-value.ts'
import type { RedisConnection } from './client.ts'
import { type Transaction, transact } from './transaction.ts'

const field = 'token'

/** A write about campaigns, which takes effect only while its writer runs them. */
export type LedWrite = <Result>(body: (transaction: Transaction) => Promise<Result>) => Promise<Result>

/**
 * Who runs campaigns is decided in the part of the registry, where leases are. Its token is kept beside the
 * campaigns as well, so that it can be compared in the transaction that writes: a replica that stood still
 * writes nothing when another one has taken over, and so begins nothing that it would have written before.
 */
export function ledWrites(
  connection: RedisConnection,
  { lead }: CampaignKeys,
  tokenOf?: () => number | null,
): LedWrite {
  if (tokenOf === undefined) return (body) => transact(connection, body)
  return (body) =>
    transact(connection, async (transaction) => {
      const token = tokenOf()
      if (token === null || (await transaction.get(lead, field)) !== String(token)) throw lost()
      return body(transaction)
    })
}

/** The token only grows. `fence` is the last one that was given: after a failover it may be behind, and is raised. */
export async function takeLead(
  connection: RedisConnection,
  { lead }: CampaignKeys,
  fence: string,
  token: number,
): Promise<void> {
  const greatest = Number(await connection.script('ospRaise', [lead], field, token))
  if (greatest === token) return
  await connection.script('ospRaiseCounter', [fence], greatest)
  throw lost()
}

function lost(): ProxyError {
  return new ProxyError('lease_lost', 'operator', 'this replica does not run the campaigns, or not any more')
}
