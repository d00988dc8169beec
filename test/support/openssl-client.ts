import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Issued } from './authority.ts'

export interface OpensslSeen {
  /** The handshake was completed. */
  readonly isConnected: boolean
  /** OpenSSL's name; null when there was none. */
  readonly cipher: string | null
  readonly version: string | null
  readonly output: string
}

/** `openssl s_client` against the proxy: a handshake, and the end. */
export async function opensslClient(port: number, args: readonly string[]): Promise<OpensslSeen> {
  const command = ['s_client', '-connect', `127.0.0.1:${port}`, ...args]
  const child = spawn('openssl', command, { stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  child.stdin.on('error', () => {})
  // An end of its input makes it close once the handshake is over.
  child.stdin.end()
  await once(child, 'close')
  const [, version = null, cipher = null] = /New, (\S+), Cipher is (\S+)/.exec(output) ?? []
  // With TLS 1.3 it names the suite also when it went on to refuse the certificate.
  const hasGivenUp = output.includes('certificate verify failed')
  const isConnected = cipher !== null && cipher !== '(NONE)' && !hasGivenUp
  const [, protocol = version] = /^\s+Protocol\s*: (\S+)/m.exec(output) ?? []
  return { isConnected, cipher: isConnected ? cipher : null, version: isConnected ? protocol : null, output }
}

/** The arguments that show this certificate; its files stand in `folder`. */
export function certificateArgs(folder: string, issued: Issued, name = 'openssl-client'): string[] {
  const [certificate, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)]
  writeFileSync(certificate, issued.chain)
  writeFileSync(key, issued.key, { mode: 0o600 })
  return ['-cert', certificate, '-key', key]
}
