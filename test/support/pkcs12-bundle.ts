import type { Issued } from './authority.ts'
import type { OpensslFolder } from './openssl-tool.ts'

/** A PKCS #12 by the openssl tool; `legacy`: RC2 and 3DES, as old tools write it. */
export function opensslBundle(
  folder: OpensslFolder,
  { certificate, chain, key }: Issued,
  passphrase: string,
  options: { readonly legacy?: boolean; readonly more?: readonly string[] } = {},
): Buffer {
  folder.write('leaf.pem', certificate)
  folder.write('leaf.key', key)
  folder.write('chain.pem', chain)
  folder.write('passphrase', passphrase)
  const legacy = options.legacy ? ['-legacy', '-certpbe', 'PBE-SHA1-RC2-40', '-keypbe', 'PBE-SHA1-3DES'] : []
  const files = ['-inkey', 'leaf.key', '-in', 'leaf.pem', '-certfile', 'chain.pem']
  const out = ['-out', 'bundle.p12', '-passout', 'file:passphrase']
  folder.run('pkcs12', '-export', ...files, ...out, ...legacy, ...(options.more ?? []))
  return folder.read('bundle.p12')
}
