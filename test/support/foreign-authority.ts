import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Issued } from './authority.ts'
import { makeOpensslCa, type OpensslCa, type OpensslKey } from './openssl-ca.ts'
import type { TestProxy } from './proxy.ts'
import { secret } from './secrets.ts'

/** What a charge point shows: a certificate of the openssl tool. */
export type Shown = Pick<Issued, 'chain' | 'key'>

/** An authority of the openssl tool, which ends with the test. */
export function foreignAuthority(t: Pick<TestContext, 'after'>, key: OpensslKey = 'ec'): OpensslCa {
  const ca = makeOpensslCa(key)
  t.after(() => ca.remove())
  return ca
}

/** A certificate that the authority has issued, with what stands above it. */
export function shown(ca: OpensslCa, name: string, above: readonly string[] = []): Shown {
  const pem = (file: string) => readFileSync(ca.file(`${file}.pem`), 'utf8')
  return {
    chain: [name, ...above].map(pem).join(''),
    key: secret('private key', readFileSync(ca.file(`${name}.key`), 'utf8')),
  }
}

/** An answer comes in this time, however busy the machine is: who asks for silence says how long he waits for it. */
export const patient = { wait: '9s', timeout: '30s' } as const

/** The proxy trusts it from now on, and nobody else, and asks whom `revocation` says. */
export async function trustForeign(
  proxy: TestProxy,
  ca: OpensslCa,
  revocation: Readonly<Record<string, unknown>>,
): Promise<void> {
  writeFileSync(join(proxy.pki.folder, 'cpo-root.pem'), ca.root.toString())
  assert.equal(await proxy.reload({ revocation: { ...patient, ...revocation } }), 'reloaded')
}
