import type { Answer, Delivery } from './endpoint.ts'

/** How a central system answers, whatever it answers. */
export const answerings = {
  prompt: 'At once, and once.',
  hold: 'Never.',
  late: 'After a while; what follows waits for it.',
  twice: 'Two times.',
} as const

export type Answering = keyof typeof answerings

/** `lateMs`: how long `late` takes. */
export function deliver(answer: Answer, answering: Answering, lateMs: number): Answer {
  switch (answering) {
    case 'prompt':
      return answer
    case 'hold':
      return { kind: 'none' }
    case 'late':
      return delivered(answer, { delayMs: lateMs })
    case 'twice':
      return delivered(answer, { copies: 2 })
  }
}

function delivered(answer: Answer, delivery: Delivery): Answer {
  return answer.kind === 'none' ? answer : { ...answer, delivery }
}
