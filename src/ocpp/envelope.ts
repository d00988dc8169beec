import { actionIndexOf, noAction, otherAction } from './action-index.ts'
import { fnv1a } from './fnv.ts'

/** OCPP-J 4.2: the message types of CALL, CALLRESULT and CALLERROR. */
export const messageType = { call: 2, result: 3, error: 4 } as const

const quote = 0x22
const comma = 0x2c
const backslash = 0x5c
const bracketOpen = 0x5b
const bracketClose = 0x5d

/**
 * What the first elements of an OCPP-J message say, without a look at its payload. One instance is
 * filled again and again: reading a message must not cost an allocation.
 */
export class Envelope {
  /** 2, 3, 4, another number for types we do not know, 0 for a message without content. */
  type = 0
  /** Hash of the message id: enough to time an answer, not to identify it. */
  idHash = 0
  /** The id, between its quotes; an end of 0: the scanner found none. */
  #idStart = 0
  #idEnd = 0
  /** The id where the scanner found none. */
  #parsedId = ''
  /** Index of the action (`actionNames`); `noAction` for what is not a CALL. */
  action = noAction
  /** Why the last `read` said false. */
  problem = ''

  /**
   * Reads the first `length` bytes of `text`. False: no OCPP-J message (OCPP-J 4.1); `problem`
   * says why. The common spellings are scanned; anything odd is parsed whole, and means the same.
   */
  read(text: Buffer, length: number): boolean {
    this.type = 0
    this.idHash = 0
    this.action = noAction
    this.#idEnd = 0
    this.#parsedId = ''
    return this.#scan(text, length) || this.#parse(text, length)
  }

  /** The id of the message that was read last, which is still in `text`. */
  id(text: Buffer): string {
    return this.#idEnd === 0 ? this.#parsedId : text.toString('utf8', this.#idStart, this.#idEnd)
  }

  /** Length of that id in bytes, or in UTF-16 units where it was not spelled plainly. */
  get idLength(): number {
    return this.#idEnd === 0 ? this.#parsedId.length : this.#idEnd - this.#idStart
  }

  #scan(text: Buffer, length: number): boolean {
    let at = skipSpace(text, 0)
    if (text[at] !== bracketOpen) return false
    at = skipSpace(text, at + 1)
    const type = (text[at] as number) - 0x30
    if (type < messageType.call || type > messageType.error) return false
    at = skipSpace(text, at + 1)
    if (text[at] !== comma) return false
    at = skipSpace(text, at + 1)
    const idEnd = endOfPlainString(text, at, length)
    if (idEnd < 0) return false
    const idStart = at + 1
    at = skipSpace(text, idEnd + 1)
    if (text[at] !== comma || !endsWithBracket(text, length)) return false
    if (type === messageType.call) {
      at = skipSpace(text, at + 1)
      const actionEnd = endOfPlainString(text, at, length)
      if (actionEnd < 0 || text[skipSpace(text, actionEnd + 1)] !== comma) return false
      this.action = actionIndexOf(text, at + 1, actionEnd)
    }
    this.type = type
    this.idHash = fnv1a(text, idStart, idEnd)
    this.#idStart = idStart
    this.#idEnd = idEnd
    return true
  }

  #parse(text: Buffer, length: number): boolean {
    const source = text.toString('latin1', 0, Math.min(length, 64)).trim()
    if (source === '' && text.toString('utf8', 0, length).trim() === '') return true
    let message: unknown
    try {
      message = JSON.parse(text.toString('utf8', 0, length))
    } catch {
      this.problem = 'not JSON'
      return false
    }
    if (!Array.isArray(message)) return this.#refuse('not a JSON array')
    const [type, id, action] = message as unknown[]
    if (typeof type !== 'number' || !Number.isInteger(type)) return this.#refuse('no message type')
    if (type < messageType.call || type > messageType.error) {
      // OCPP-J 4.1.3: a message of an unknown type is to be ignored by its receiver, not by us.
      this.type = type
      return true
    }
    if (typeof id !== 'string') return this.#refuse('the message id is not a string')
    if (type === messageType.call) {
      if (typeof action !== 'string') return this.#refuse('the action is not a string')
      if (message.length < 4) return this.#refuse('a CALL without payload')
      const name = Buffer.from(action)
      this.action = actionIndexOf(name, 0, name.length)
    }
    if (message.length < 3) return this.#refuse('an answer without payload')
    const idBytes = Buffer.from(id)
    this.idHash = fnv1a(idBytes, 0, idBytes.length)
    this.#parsedId = id
    this.type = type
    return true
  }

  #refuse(problem: string): false {
    this.problem = problem
    return false
  }
}

export { noAction, otherAction }

function skipSpace(text: Buffer, from: number): number {
  let at = from
  while (isSpace(text[at] as number)) at += 1
  return at
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** The index of the closing quote of a string without escapes that starts at `at`; -1 otherwise. */
function endOfPlainString(text: Buffer, at: number, length: number): number {
  if (text[at] !== quote) return -1
  for (let index = at + 1; index < length; index += 1) {
    const byte = text[index] as number
    if (byte === quote) return index
    if (byte === backslash || byte < 0x20) return -1
  }
  return -1
}

function endsWithBracket(text: Buffer, length: number): boolean {
  let at = length - 1
  while (at > 0 && isSpace(text[at] as number)) at -= 1
  return text[at] === bracketClose
}
