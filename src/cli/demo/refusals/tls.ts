import { once } from 'node:events'
import type { ClientTlsOptions } from '../../../simulator/tls-options.ts'
import { guest } from '../guests.ts'
import { clientHello, exchange, openRaw } from '../raw-client.ts'
import type { Attempt, RefusalCase } from '../refusal-case.ts'
import { refusalSeen, viewOfBytes } from '../seen.ts'

/** Record of an alert, version 3.3, length 2, fatal, unknown_ca (RFC 8446 6). */
const unknownCa = Buffer.from([21, 3, 3, 0, 2, 2, 48])

/** CP-2, honest but for its TLS stack, which can do no more than `tls` says. */
function withTls(tls: ClientTlsOptions, listener?: string) {
  return async ({ world }: Attempt) => {
    const client = await guest(world, 'CP-2', { tls, ...(listener === undefined ? {} : { listener }) })
    return refusalSeen(() => client.connect())
  }
}

export const tlsRefusals = {
  not_tls: {
    who: 'CP-1, with ws:// on the wss:// port',
    site: 'main',
    async attempt({ world }) {
      const client = await guest(world, 'CP-1', { listener: 'basic-auth-tls' })
      return refusalSeen(() => client.connect())
    },
  },
  handshake_timeout: {
    who: 'half a ClientHello, then silence',
    site: 'tight',
    async attempt({ site }) {
      const hello = await clientHello({})
      const half = hello.subarray(0, hello.length / 2)
      return viewOfBytes(await exchange(site.proxy.port('basic-auth-tls'), half))
    },
  },
  handshake_aborted: {
    who: 'CP-2, which does not trust our root',
    site: 'main',
    async attempt({ site }) {
      const { socket, received } = await openRaw(site.proxy.port('basic-auth-tls'))
      socket.write(await clientHello({ maxVersion: 'TLSv1.2' }))
      await once(socket, 'data')
      socket.write(unknownCa)
      return viewOfBytes(withoutServerFlight(await received))
    },
  },
  handshake_malformed: {
    who: 'a ClientHello with a wrong length',
    site: 'main',
    async attempt({ site }) {
      const hello = Buffer.from(await clientHello({}))
      // The length of the session id: RFC 8446 4.1.2 has 32 as its largest.
      hello[43] = 255
      return viewOfBytes(await exchange(site.proxy.port('basic-auth-tls'), hello))
    },
  },
  tls_version: {
    who: 'CP-2, TLS 1.1 where that lane is off',
    site: 'main',
    attempt: withTls({ maxVersion: 'TLSv1.1' }, 'mutual-tls'),
  },
  tls_cipher: {
    who: 'CP-2, with AES256-SHA only',
    site: 'main',
    attempt: withTls({ maxVersion: 'TLSv1.2', ciphers: 'AES256-SHA' }),
  },
  tls_signature_algorithm: {
    who: 'CP-2, with SHA-1 signatures only',
    site: 'main',
    attempt: withTls({
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0',
      signatureAlgorithms: 'ECDSA+SHA1:RSA+SHA1',
    }),
  },
  tls_group: {
    who: 'CP-2, with the group P-521 only',
    site: 'main',
    attempt: withTls({ minVersion: 'TLSv1.3', curves: 'P-521' }),
  },
  proxy_protocol: {
    who: 'CP-1, past the load balancer',
    site: 'main',
    async attempt({ world }) {
      const client = await guest(world, 'CP-1', { listener: 'balanced' })
      return refusalSeen(() => client.connect())
    },
  },
} as const satisfies Record<string, RefusalCase>

/** What came behind the handshake records (content type 22) of the server. */
function withoutServerFlight(bytes: Buffer): Buffer {
  let rest = bytes
  while (rest[0] === 22 && rest.length >= 5) rest = rest.subarray(5 + rest.readUInt16BE(3))
  return rest
}
