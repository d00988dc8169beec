import type { IssuedRecord, Revocation } from '../../pki/authority/issued-index.ts'
import { ProxyError } from '../../policy/error.ts'
import type { IssuedCertificate, IssuedCertificates, IssuedQuery } from '../store.ts'
import type { RedisConnection } from './client.ts'
import { corrupt } from './errors.ts'
import { parseObject } from './json.ts'
import type { KeyOf } from './keys.ts'
import { pruneByScore, textsOf } from './pages.ts'
import { transact } from './transaction.ts'

const pageSize = 500

export function redisIssued(connection: RedisConnection, key: KeyOf): IssuedCertificates {
  const names = {
    meta: key('meta'),
    /** Hash: fingerprint of the certificate to its record. */
    records: key('records'),
    /** Hash: authority and serial number to fingerprint. */
    serials: key('serials'),
    /** Sorted sets of fingerprints: by number, by notAfter, and of what is revoked of an authority by number. */
    numbers: key('numbers'),
    ends: key('ends'),
    ofIdentity: (identity: string) => key('of', identity),
    revoked: (authority: string) => key('revoked', authority),
  }

  async function byFingerprint(fingerprint: string): Promise<IssuedCertificate | null> {
    const text = await connection.run((client) => client.hget(names.records, fingerprint))
    return text === null ? null : parse(text)
  }

  function record(given: IssuedRecord): Promise<void> {
    return transact(connection, async (transaction) => {
      const { authority, serialNumber, certificateFingerprint: fingerprint } = given
      const serial = serialOf(authority, serialNumber)
      const owner = await transaction.get(names.serials, serial)
      if (owner === fingerprint) return
      // RFC 5280 4.1.2.2: one number, one certificate.
      if (owner !== null) {
        throw new ProxyError(
          'serial_number_used',
          'operator',
          'the authority has used this serial number already',
        )
      }
      const number = 1 + Number((await transaction.get(names.meta, 'number')) ?? 0)
      transaction.set(names.meta, 'number', String(number))
      transaction.set(names.serials, serial, fingerprint)
      transaction.set(names.records, fingerprint, JSON.stringify({ ...given, number, revocation: null }))
      transaction.score(names.numbers, fingerprint, number)
      transaction.score(names.ofIdentity(given.identity), fingerprint, number)
      transaction.score(names.ends, fingerprint, given.notAfter)
    })
  }

  function revoke(fingerprint: string, revocation: Revocation): Promise<boolean> {
    return transact(connection, async (transaction) => {
      const text = await transaction.get(names.records, fingerprint)
      if (text === null) return false
      const known = parse(text)
      // Superseded is said by the proxy itself, and says less than what an operator says.
      const isOpen = known.revocation === null || known.revocation.reason === 'superseded'
      const reason = isOpen ? revocation.reason : (known.revocation?.reason ?? revocation.reason)
      const next = { at: known.revocation?.at ?? revocation.at, reason }
      transaction.set(names.records, fingerprint, JSON.stringify({ ...known, revocation: next }))
      transaction.score(names.revoked(known.authority), fingerprint, known.number)
      return true
    })
  }

  function release(fingerprint: string): Promise<boolean> {
    return transact(connection, async (transaction) => {
      const text = await transaction.get(names.records, fingerprint)
      const known = text === null ? null : parse(text)
      if (known === null || known.revocation === null) return false
      transaction.set(names.records, fingerprint, JSON.stringify({ ...known, revocation: null }))
      transaction.score(names.revoked(known.authority), fingerprint, null)
      return true
    })
  }

  async function list(query: IssuedQuery): Promise<IssuedCertificate[]> {
    const index = query.identity === undefined ? names.numbers : names.ofIdentity(query.identity)
    const found: IssuedCertificate[] = []
    let below = query.before === undefined ? '+inf' : `(${query.before}`
    while (found.length < query.limit) {
      const page = await connection.run((client) =>
        client.zrevrangebyscore(index, below, '-inf', 'LIMIT', 0, pageSize),
      )
      const certificates = (await textsOf(connection, names.records, page)).map(parse)
      for (const one of certificates) if (found.length < query.limit && fits(one, query)) found.push(one)
      const last = certificates.at(-1)
      if (page.length < pageSize || last === undefined) break
      below = `(${last.number}`
    }
    return found
  }

  function remove(fingerprints: readonly string[]): Promise<number> {
    return transact(connection, async (transaction) => {
      const texts = await transaction.getAll(names.records, fingerprints)
      for (const fingerprint of fingerprints) {
        transaction.score(names.numbers, fingerprint, null)
        transaction.score(names.ends, fingerprint, null)
        transaction.set(names.records, fingerprint, null)
      }
      const kept = texts.flatMap((text) => (text === null ? [] : [parse(text)]))
      for (const { authority, serialNumber, identity, certificateFingerprint } of kept) {
        transaction.set(names.serials, serialOf(authority, serialNumber), null)
        transaction.score(names.ofIdentity(identity), certificateFingerprint, null)
        transaction.score(names.revoked(authority), certificateFingerprint, null)
      }
      return kept.length
    })
  }

  return {
    record,
    revoke,
    release,
    list,
    byFingerprint,

    async find(authority, serialNumber) {
      const serial = serialOf(authority, serialNumber)
      const fingerprint = await connection.run((client) => client.hget(names.serials, serial))
      const found = fingerprint === null ? null : await byFingerprint(fingerprint)
      return found === null ? null : { revocation: found.revocation }
    },

    async revoked(authority, now) {
      const index = names.revoked(authority)
      const all = await connection.run((client) => client.zrange(index, 0, '-1'))
      const found: (Revocation & { serialNumber: string })[] = []
      for (let at = 0; at < all.length; at += pageSize) {
        for (const text of await textsOf(connection, names.records, all.slice(at, at + pageSize))) {
          const { serialNumber, notAfter, revocation } = parse(text)
          if (revocation !== null && notAfter > now) found.push({ serialNumber, ...revocation })
        }
      }
      return found
    },

    prune: (before) => pruneByScore(connection, names.ends, before, remove),
  }
}

function fits({ revocation, notAfter }: IssuedCertificate, { revoked, endsBefore }: IssuedQuery): boolean {
  if (revoked !== undefined && revoked !== (revocation !== null)) return false
  return endsBefore === undefined || notAfter < endsBefore
}

const serialOf = (authority: string, serialNumber: string) => `${authority} ${serialNumber}`

function parse(text: string): IssuedCertificate {
  const value = parseObject(text, 'an issued certificate')
  const { number, authority, serialNumber, certificateFingerprint, identity, notAfter } = value
  const texts = [authority, serialNumber, certificateFingerprint, identity]
  if (typeof number !== 'number' || typeof notAfter !== 'number') throw corrupt('an issued certificate')
  if (texts.some((one) => typeof one !== 'string')) throw corrupt('an issued certificate')
  return value as unknown as IssuedCertificate
}
