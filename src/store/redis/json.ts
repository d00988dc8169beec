import { corrupt } from './errors.ts'

/** A stored object. The value itself is never told: it may be a credential. Throws ProxyError `store_corrupt`. */
export function parseObject(text: string, what: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw corrupt(what)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw corrupt(what)
  return value as Record<string, unknown>
}
