import type { CampaignItem } from '../store/store.ts'
import type { CampaignWaits } from './campaigns.ts'

export type WaitingItem = Pick<
  CampaignItem,
  'identity' | 'position' | 'attempts' | 'code' | 'notBefore' | 'detail'
>

/** What a charge point waits for, apart from its turn. */
export type Hindrance = 'not-connected' | 'transaction-open'

/**
 * The charge points of one campaign that wait, each in one of three places: ready for its turn,
 * parked until something happens to it, or put off until a time. Its size is that of the campaign.
 */
export class WaitingList {
  /** By position, the lowest at the end: taking it costs nothing. */
  readonly #ready: WaitingItem[] = []
  /** By time, the earliest at the end. */
  readonly #later: WaitingItem[] = []
  readonly #parked = new Map<string, { readonly item: WaitingItem; readonly hindrance: Hindrance }>()
  #withoutConnection = 0

  get size(): number {
    return this.#ready.length + this.#later.length + this.#parked.size
  }

  /** When the first one that was put off is due. */
  get nextDueAt(): number | null {
    return this.#later.at(-1)?.notBefore ?? null
  }

  get waits(): Omit<CampaignWaits, 'canaries'> {
    return {
      notConnected: this.#withoutConnection,
      transactionOpen: this.#parked.size - this.#withoutConnection,
      retry: this.#later.length,
    }
  }

  /** The ready one with the lowest position. */
  get first(): WaitingItem | null {
    return this.#ready.at(-1) ?? null
  }

  add(item: WaitingItem, now: number): void {
    if (item.notBefore !== null && item.notBefore > now) insert(this.#later, item, dueOf)
    else insert(this.#ready, item, positionOf)
  }

  takeFirst(): WaitingItem | null {
    return this.#ready.pop() ?? null
  }

  park(item: WaitingItem, hindrance: Hindrance): void {
    this.#parked.set(item.identity, { item, hindrance })
    if (hindrance === 'not-connected') this.#withoutConnection += 1
  }

  /** Something happened to this charge point: if it is parked, it is ready to be looked at. */
  wake(identity: string): boolean {
    const parked = this.#parked.get(identity)
    if (parked === undefined) return false
    this.#parked.delete(identity)
    if (parked.hindrance === 'not-connected') this.#withoutConnection -= 1
    insert(this.#ready, parked.item, positionOf)
    return true
  }

  /** Every parked one is ready to be looked at. */
  wakeAll(): void {
    for (const identity of [...this.#parked.keys()]) this.wake(identity)
  }

  /** Those whose time has come are ready. */
  wakeDue(now: number): void {
    for (let item = this.#later.at(-1); item !== undefined && dueOf(item) <= now; item = this.#later.at(-1)) {
      this.#later.pop()
      insert(this.#ready, item, positionOf)
    }
  }

  hindranceOf(identity: string): Hindrance | null {
    return this.#parked.get(identity)?.hindrance ?? null
  }
}

const positionOf = (item: WaitingItem): number => item.position
const dueOf = (item: WaitingItem): number => item.notBefore ?? 0

/** Keeps `list` in descending order of `keyOf`. */
function insert(list: WaitingItem[], item: WaitingItem, keyOf: (item: WaitingItem) => number): void {
  const key = keyOf(item)
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (keyOf(list[middle] as WaitingItem) > key) low = middle + 1
    else high = middle
  }
  list.splice(low, 0, item)
}
