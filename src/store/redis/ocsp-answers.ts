import { ProxyError } from '../../policy/error.ts'
import type { OcspAnswers } from '../ocsp-answers.ts'
import type { RedisConnection } from './client.ts'
import type { KeyOf } from './keys.ts'
import { pruneByScore } from './pages.ts'
import { transact } from './transaction.ts'

const pageSize = 500
/** As SQLite has it; an answer with a chain of certificates takes some thousand. */
const maxAnswerBytes = 65_536

/** What is lost is asked for again. */
export function redisOcspAnswers(connection: RedisConnection, key: KeyOf): OcspAnswers {
  const [answers, ends] = [key('answers'), key('ends')]

  const remove = (ids: readonly string[]): Promise<number> =>
    transact(connection, async (transaction) => {
      for (const id of ids) {
        transaction.set(answers, id, null)
        transaction.score(ends, id, null)
      }
      return ids.length
    })

  return {
    async get(id) {
      const text = await connection.run((client) => client.hget(answers, id))
      return text === null ? null : Buffer.from(text, 'base64')
    },

    put: (id, answer, until) =>
      transact(connection, async (transaction) => {
        if (answer.length > maxAnswerBytes) {
          throw new ProxyError('store_failed', 'proxy', 'the OCSP answer is too large to be kept')
        }
        transaction.set(answers, id, answer.toString('base64'))
        transaction.score(ends, id, until)
      }),

    async prune(now, keep) {
      let removed = await pruneByScore(connection, ends, now, remove)
      for (;;) {
        const total = await connection.run((client) => client.zcard(ends))
        const over = Math.min(pageSize, total - Math.max(0, keep))
        if (over <= 0) return removed
        removed += await remove(await connection.run((client) => client.zrange(ends, 0, `${over - 1}`)))
      }
    },
  }
}
