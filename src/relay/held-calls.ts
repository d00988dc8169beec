/** A CALL as it came, without its frames. */
export interface HeldCall {
  readonly text: string
  readonly id: string
  readonly idHash: number
  /** Index of ocpp/action-index. */
  readonly action: number
}

/** Beyond one of these its sender is not read from until it is its turn. */
const maxHeld = 64
const maxHeldUnits = 262_144

/** CALLs of one sender that wait for their turn, in order. */
export class HeldCalls {
  readonly #calls: HeldCall[] = []
  /** UTF-16 units of all texts. */
  #units = 0

  get length(): number {
    return this.#calls.length
  }

  /** No more should be read; what was read already is still taken. */
  get isFull(): boolean {
    return this.#calls.length >= maxHeld || this.#units >= maxHeldUnits
  }

  push(call: HeldCall): void {
    this.#calls.push(call)
    this.#units += call.text.length
  }

  shift(): HeldCall | null {
    const call = this.#calls.shift()
    if (call === undefined) return null
    this.#units -= call.text.length
    return call
  }

  clear(): void {
    this.#calls.length = 0
    this.#units = 0
  }
}
