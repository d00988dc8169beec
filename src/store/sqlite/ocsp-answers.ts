import type { OcspAnswers } from '../ocsp-answers.ts'
import type { Database } from './database.ts'

const put = `
  INSERT INTO ocsp_answers (key, answer, until) VALUES (?, ?, ?)
  ON CONFLICT (key) DO UPDATE SET answer = excluded.answer, until = excluded.until`

const surplus = `
  DELETE FROM ocsp_answers WHERE key IN (
    SELECT key FROM ocsp_answers ORDER BY until LIMIT max(0, (SELECT count(*) FROM ocsp_answers) - ?))`

/** What is lost with the power is asked for again. */
export function sqliteOcspAnswers(db: Database): OcspAnswers {
  return {
    get: async (key) =>
      db.read(() => {
        const answer = db.statement('SELECT answer FROM ocsp_answers WHERE key = ?').get(key)?.answer
        return answer instanceof Uint8Array ? Buffer.from(answer) : null
      }),

    put: (key, answer, until) =>
      db.write('process', () => {
        db.statement(put).run(key, answer, until)
      }),

    prune: (now, keep) =>
      db.write('process', () => {
        const old = db.statement('DELETE FROM ocsp_answers WHERE until < ?').run(now).changes
        return Number(old) + Number(db.statement(surplus).run(Math.max(0, keep)).changes)
      }),
  }
}
