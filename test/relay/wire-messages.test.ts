import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hear, internalError } from '../../src/relay/decide.ts'
import { type Answer, forward } from '../../src/relay/use-case.ts'
import { answerText, readAnswer } from '../../src/relay/wire-messages.ts'
import { readChangeAnswer } from '../../src/usecases/operation/answer.ts'

test('[A01.FR.03] [A01.FR.04] an answer that cannot be read may have been a yes: it is no refusal of the peer', () => {
  for (const text of [
    '[3,"1",{"status":"Accepted"},null]',
    '[3,"1","Accepted"]',
    '[3,"1",[]]',
    '[4,"1"]',
    '[2,"1","A",{}]',
    '',
  ]) {
    const answer = readAnswer(text)
    assert.partialDeepStrictEqual(answer, { kind: 'error', code: 'FormationViolation', origin: 'proxy' })
    assert.equal(readChangeAnswer(answer).kind, 'unknown', text)
  }
  const said = readAnswer('[4,"1","FormationViolation","no",{}]')
  assert.deepEqual(said, { kind: 'error', code: 'FormationViolation', description: 'no', details: {} })
  assert.equal(readChangeAnswer(said).kind, 'refused')
})

test('[A01.FR.03] a use case that fails on an answer does not make a refusal of it for the others', async () => {
  const heard: (Answer | null)[] = []
  const first = {
    useCase: 'first',
    answered: (answer: Answer | null) => {
      heard.push(answer)
      return forward
    },
  }
  const failing = { useCase: 'failing', answered: () => Promise.reject(new Error('x')) }
  const result: Answer = { kind: 'result', payload: { status: 'Accepted' } }
  await hear([first, failing], result, () => {})
  assert.equal(readChangeAnswer(heard[0] ?? null).kind, 'unknown')
})

test('where an answer of the proxy came from is not written', () => {
  assert.equal(answerText('1', internalError), '[4,"1","InternalError","the proxy could not handle it",{}]')
})
