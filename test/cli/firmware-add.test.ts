import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeMaker, signatureOf } from '../support/firmware.ts'
import { setUp } from './fake-shell.ts'

test('[L01.FR.04] firmware add says what is wrong with a signature that does not fit', async (t) => {
  const maker = await makeMaker(t, 'rsa')
  const { run, folder } = setUp(t)
  const file = (name: string, content: string | Buffer): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const add = (signature: string | Buffer, certificates: string) =>
    run([
      ...['firmware', 'add', 'v2', '--location', 'https://files.example/v2.bin'],
      ...['--image', file('v2.bin', maker.image), '--signature', file('v2.sig', signature)],
      ...['--certificate', file('signing.pem', certificates)],
    ])
  const { signer, image, root } = maker
  const good = signatureOf(image, signer)
  const hex = Buffer.from(good, 'base64').toString('hex')
  const pkcs1 = sign('sha256', image, signer.credentials.privateKey)

  for (const [signature, certificates, why] of [
    [hex, signer.chain, /hexadecimal: give base64 or binary/],
    [`RSA-SHA2-256(v2.bin)= ${hex}\n`, signer.chain, /hexadecimal: give base64 or binary/],
    [good, `${root.certificate}${signer.chain}`, /the signing one must come first/],
    [pkcs1, signer.chain, /PKCS #1 v1.5, and must be RSA-PSS/],
    [Buffer.from(good), root.certificate, /authority/],
    [signatureOf(Buffer.from('other'), signer), signer.chain, /\(RSA-PSS or ECDSA with SHA-256\)/],
  ] as const) {
    const { code, err } = await add(signature, certificates)
    assert.equal(code, 1)
    assert.match(err, why)
  }
  const added = await add(Buffer.from(good, 'base64'), signer.chain)
  assert.deepEqual([added.code, added.err], [0, ''])
})
