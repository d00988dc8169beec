/**
 * Kinds of key pair, by the names that people write in files and on command lines. All of them have
 * at least 112 bits of strength (A00.FR.501 to 503).
 */
export const keyTypeNames = ['rsa-2048', 'rsa-3072', 'rsa-4096', 'p-256', 'p-384'] as const
export type KeyTypeName = (typeof keyTypeNames)[number]

/** Which half of the mandatory suites a key serves (A00.FR.317). */
export function familyOf(name: KeyTypeName): 'rsa' | 'ec' {
  return name.startsWith('rsa') ? 'rsa' : 'ec'
}
