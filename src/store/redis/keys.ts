/**
 * Names of the keys. What changes together has to live in one slot of a cluster, so every part of the
 * store has a hash tag of its own (Redis cluster specification, "Hash tags"): `prefix{registry}:serials`.
 */
export type Part =
  | 'registry'
  | 'rejections'
  | 'events'
  | 'campaigns'
  | 'denied'
  | 'ocsp'
  | 'issued'
  | 'replicas'

export type KeyOf = (...names: readonly string[]) => string

export function keysOf(prefix: string, part: Part): KeyOf {
  return (...names) => `${prefix}{${part}}:${names.join(':')}`
}
