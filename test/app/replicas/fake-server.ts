import { ProxyError } from '../../../src/policy/error.ts'
import type { Acquired, LeaseKind } from '../../../src/store/store.ts'
import type { VirtualTime } from './virtual-time.ts'

export const away = () => new ProxyError('store_unavailable', 'operator', 'away')

/** What the server does (src/store/redis/scripts.ts), in virtual time. */
export class FakeServer {
  readonly #time: VirtualTime
  readonly #leaseMs: number
  readonly #lives = new Map<string, { life: string; until: number }>()
  #owners = new Map<string, { token: number; replica: string }>()
  #tokens = 0
  #named = 0
  /** It can be read still. */
  isReadOnly = false

  constructor(time: VirtualTime, leaseMs: number) {
    this.#time = time
    this.#leaseMs = leaseMs
  }

  /** It has lost everything; tokens go on, because they are taken from the time. */
  forget(): void {
    this.#lives.clear()
    this.#owners = new Map()
  }

  beat(replica: string): string {
    this.#write()
    const life = this.#lifeOf(replica) ?? `life ${++this.#named}`
    this.#lives.set(replica, { life, until: this.#time.now + this.#leaseMs })
    return life
  }

  acquire(replica: string, kind: LeaseKind, name: string, life: string): Acquired {
    if (this.#lifeOf(replica) !== life) return { ok: false, owner: null }
    const owner = this.owner(kind, name)
    if (owner !== null && owner !== replica) return { ok: false, owner }
    this.#write()
    const token = ++this.#tokens
    this.#owners.set(`${kind} ${name}`, { token, replica })
    return { ok: true, token }
  }

  release(replica: string, kind: LeaseKind, name: string, token: number | null): boolean {
    this.#write()
    const place = `${kind} ${name}`
    const owner = this.#owners.get(place)
    if (owner?.replica !== replica || (token !== null && owner.token !== token)) return false
    // Its token stays, beside the name of a replica that never lives.
    this.#owners.set(place, { token: owner.token, replica: '-' })
    return true
  }

  held(replica: string, kind: LeaseKind, name: string): number | null {
    const owner = this.#owners.get(`${kind} ${name}`)
    return owner?.replica === replica ? owner.token : null
  }

  owner(kind: LeaseKind, name: string): string | null {
    const owner = this.#owners.get(`${kind} ${name}`)
    return owner !== undefined && this.isAlive(owner.replica) ? owner.replica : null
  }

  isAlive(replica: string): boolean {
    return this.#lifeOf(replica) !== null
  }

  #write(): void {
    if (this.isReadOnly) throw away()
  }

  #lifeOf(replica: string): string | null {
    const known = this.#lives.get(replica)
    return known !== undefined && known.until > this.#time.now ? known.life : null
  }
}
