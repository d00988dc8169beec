import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { makeAuthority } from '../support/authority.ts'
import { crlOf } from '../support/crl.ts'
import { assertOne, authority, day, findings } from './check-world.ts'

const crl = (context: TestContext, content: Buffer | null, more = '') =>
  findings(context, {
    clients: `revocation: { crl: [cpo.crl]${more} }`,
    files: content === null ? {} : { 'cpo.crl': content },
  })

test('[A00.FR.704] a good CRL: nothing is said; a URL is fetched when the proxy runs', (context) => {
  assert.deepEqual(crl(context, crlOf(authority, [])), [])
  assert.deepEqual(findings(context, { clients: 'revocation: { crl: ["http://nobody.invalid/a.crl"] }' }), [])
})

test('[A00.FR.704] a CRL that is missing, or none', (context) => {
  assertOne(
    crl(context, null),
    /^error .*revocation\.crl\[0\]: the file cpo\.crl does not exist.*A00\.FR\.704/,
  )
  assertOne(crl(context, Buffer.from('garbage')), /^error .*must hold exactly one CRL/)
  assertOne(crl(context, Buffer.alloc(2000, 0x30), ', crlBytes: 1KiB'), /^error .*larger than 1024 bytes/)
})

test('[A00.FR.704] a stale CRL refuses everybody, or is put up with', (context) => {
  const [thisUpdate, nextUpdate] = [Date.now() - 2 * day, Date.now() - day]
  const stale = crlOf(authority, [], { thisUpdate, nextUpdate })
  assertOne(crl(context, stale), /^error .*is stale since .*: nobody below its issuer is admitted/)
  assertOne(crl(context, stale, ', onStaleCrl: admit'), /^warning .*is stale since/)
})

test('[A00.FR.704][CWE-345] a CRL by somebody else, or by an impostor', async (context) => {
  const stranger = await makeAuthority({ name: 'Somebody else' })
  assertOne(crl(context, crlOf(stranger, [])), /^warning .*by none of the authorities in trust/)
  const impostor = await makeAuthority({ name: 'Example CPO root' })
  assertOne(
    crl(context, crlOf(impostor, [])),
    /^error .*is not signed by the key of the issuer: nobody below/,
  )
})
