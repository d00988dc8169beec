import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Direction } from './use-case.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i

/** Characters of a UUID (RFC 9562 4), and the most that OCPP-J 1.6 4.1.4 allows for an id. */
export const ownIdLength = 36

/**
 * Ids of our own CALLs: UUIDs of version 4 (OCPP-J 1.6 4.1.4) whose second half is a keyed hash of the
 * first. So an answer to a CALL of ours is known for what it is without a list of all that were ever
 * sent, and however late it comes it does not reach the other side.
 */
export class OwnIds {
  readonly #secret: Buffer

  /** `secret` belongs to this process. */
  constructor(secret: Buffer) {
    this.#secret = secret
  }

  /** A new id for a CALL in `direction`. */
  create(direction: Direction): string {
    const random = randomBytes(8)
    // RFC 9562 5.4: the version stands in the seventh byte.
    random[6] = ((random[6] as number) & 0x0f) | 0x40
    return format(Buffer.concat([random, this.#seal(random, direction)]))
  }

  /** Was this the id of a CALL of ours in `direction`? Any case of letters. */
  isOwn(id: string, direction: Direction): boolean {
    if (id.length !== ownIdLength || !uuid.test(id)) return false
    const bytes = Buffer.from(id.replaceAll('-', ''), 'hex')
    return timingSafeEqual(bytes.subarray(8), this.#seal(bytes.subarray(0, 8), direction))
  }

  #seal(random: Buffer, direction: Direction): Buffer {
    const seal = createHmac('sha256', this.#secret).update(direction).update(random).digest().subarray(0, 8)
    // RFC 9562 4.1: the variant stands in the ninth byte.
    seal[0] = ((seal[0] as number) & 0x3f) | 0x80
    return seal
  }
}

function format(bytes: Buffer): string {
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
