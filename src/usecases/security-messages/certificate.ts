import type { NoteEvent } from '../../events/proxy-event.ts'
import type { MessageSchemas } from '../../ocpp/message-schemas.ts'
import { Repeats, unsaidWords } from '../../policy/repeats.ts'
import { answerWith, forward, type UseCase } from '../../relay/use-case.ts'
import { refusalOfMalformed, type SecurityMessagesMode } from './security-messages.ts'

export interface SignCertificateDeps {
  readonly mode: SecurityMessagesMode
  readonly schemas: MessageSchemas
  readonly note: NoteEvent
  /** Milliseconds, monotonic. */
  readonly now: () => number
}

/**
 * SignCertificate where there is no certificate authority: Rejected, because nobody could process it
 * (A02.FR.12, A03.FR.12). With an authority another use case takes this one's place; the central
 * system sees the message in neither case (`securityMessages: answer`).
 */
export function createSignCertificateRejection({ mode, schemas, note, now }: SignCertificateDeps): UseCase {
  // Some charge points ask again at once, although the white paper discourages it (facts, 1.6).
  const repeats = new Repeats(60_000, 10_000)
  return {
    name: 'sign-certificate',
    watches: [{ direction: 'to-central-system', action: 'SignCertificate' }],
    onCall(call, session) {
      if (mode() === 'forward') return forward
      const malformed = refusalOfMalformed(schemas, 'SignCertificate', call)
      if (malformed !== null) return malformed
      const { identity, listener, address } = session.facts
      const unsaid = repeats.say(identity, now())
      if (unsaid !== null) {
        const techInfo = `no certificate authority is configured; the request was answered Rejected [A02.FR.12]${unsaidWords(unsaid)}`
        note({ type: 'SignCertificateRejected', identity, listener, address, techInfo })
      }
      return answerWith({ status: 'Rejected' })
    },
  }
}
