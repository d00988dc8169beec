import { noAction } from '../ocpp/action-index.ts'

/** More CALLs without an answer than this are forgotten, oldest first (OCPP-J 4.1.1 allows one). */
const maxOpen = 16

interface OpenCall {
  readonly idHash: number
  readonly action: number
  readonly at: number
}

/**
 * The CALLs of one sender that wait for their answer. One is the rule and costs no memory beyond
 * this object; charge points that pipeline are served too.
 */
export class OpenCalls {
  #idHash = 0
  #action = noAction
  #at = -1
  #others: OpenCall[] | null = null
  /** Of the CALL that `answered` found. */
  answeredAction = noAction
  answeredAt = -1

  get isEmpty(): boolean {
    return this.#at < 0 && this.#others === null
  }

  /** Is a CALL open that was sent after `at`? */
  isOpenSince(at: number): boolean {
    if (this.#at >= 0 && this.#at > at) return true
    return this.#others?.some((call) => call.at > at) ?? false
  }

  /** `at` is a time in milliseconds, not negative. */
  open(idHash: number, action: number, at: number): void {
    if (this.#at >= 0) {
      this.#others ??= []
      this.#others.push({ idHash: this.#idHash, action: this.#action, at: this.#at })
      if (this.#others.length > maxOpen) this.#others.shift()
    }
    this.#idHash = idHash
    this.#action = action
    this.#at = at
  }

  /** False: no CALL waits for an answer of this id (late, or a duplicate). */
  answered(idHash: number): boolean {
    if (this.#at >= 0 && this.#idHash === idHash) {
      this.answeredAction = this.#action
      this.answeredAt = this.#at
      const previous = this.#others?.pop()
      if (this.#others?.length === 0) this.#others = null
      this.#idHash = previous?.idHash ?? 0
      this.#action = previous?.action ?? noAction
      this.#at = previous?.at ?? -1
      return true
    }
    return this.#others !== null && this.#answeredOther(idHash)
  }

  #answeredOther(idHash: number): boolean {
    const others = this.#others ?? []
    const index = others.findIndex((call) => call.idHash === idHash)
    const [call] = index < 0 ? [] : others.splice(index, 1)
    if (call === undefined) return false
    if (others.length === 0) this.#others = null
    this.answeredAction = call.action
    this.answeredAt = call.at
    return true
  }
}
