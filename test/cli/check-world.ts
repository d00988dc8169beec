import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { checkFile } from '../../src/cli/check.ts'
import { formatFinding } from '../../src/config/problem.ts'
import { temporaryFolder } from '../config/support.ts'
import { type AuthorityOptions, type Issued, sharedAuthority } from '../support/authority.ts'

/** A configuration with its files, for tests of `check`. */

export const day = 86_400_000
export const name = 'ocpp.example.com'
export const authority = await sharedAuthority()
export const ecdsa = await authority.server('ecdsa', [name])
export const rsa = await authority.server('rsa', [name])

export interface World {
  /** Files of the configuration's folder; keys get mode 0600 unless `modes` says otherwise. */
  readonly files?: Readonly<Record<string, string | Buffer>>
  readonly modes?: Readonly<Record<string, number>>
  readonly tls?: string
  /** In place of the two PEM certificates. */
  readonly certificates?: readonly string[]
  readonly more?: string
  /** What stands in `clientCertificates` beside trust. */
  readonly clients?: string
  readonly sqlite?: string
  readonly now?: number
}

const pemFiles = ['{ certificate: e.pem, key: e.key }', '{ certificate: r.pem, key: r.key }']

/** A configuration with a profile 3 listener and good files, but for what the test changes. */
export function world(
  context: TestContext,
  {
    files = {},
    modes = {},
    tls,
    certificates = pemFiles,
    more = '',
    clients = '',
    sqlite = 'data/a.db',
  }: World,
): string {
  const folder = temporaryFolder(context)
  const all: Record<string, string | Buffer> = {
    'e.pem': ecdsa.chain,
    'e.key': ecdsa.key,
    'r.pem': rsa.chain,
    'r.key': rsa.key,
    'cpo.pem': authority.certificate,
    'proxy.yaml': `cpo: { names: [X] }
listeners:
  - name: a
    address: 127.0.0.1:8444
    securityProfile: 3
    tls:
      ${tls ?? `names: [${name}]`}
      certificates:
${certificates.map((one) => `        - ${one}\n`).join('')}      clientCertificates: { trust: [cpo.pem]${clients === '' ? '' : `, ${clients}`} }
centralSystem: { url: "ws://127.0.0.1:9000" }
store: { sqlite: ${sqlite} }
${more}`,
    ...files,
  }
  for (const [file, content] of Object.entries(all)) {
    writeFileSync(join(folder, file), content)
    chmodSync(join(folder, file), modes[file] ?? 0o600)
  }
  return join(folder, 'proxy.yaml')
}

export function findings(context: TestContext, options: World): string[] {
  const path = world(context, options)
  const found = checkFile(path, { env: {}, now: () => options.now ?? Date.now() })
  return found.map((one) => `${one.level} ${formatFinding(one).replaceAll(`${path.slice(0, -11)}/`, '')}`)
}

export function assertOne(found: readonly string[], words: RegExp): void {
  assert.equal(found.length, 1, found.join('\n'))
  assert.match(found[0] ?? '', words)
}

export const server = (options: AuthorityOptions = {}, names: readonly string[] = [name]) =>
  authority.server('ecdsa', names, options)
export const as = ({ chain, key }: Issued) => ({ 'e.pem': chain, 'e.key': key })
