import { readFileSync } from 'node:fs'
import type { CentralSystemConfig } from '../config/schema.ts'
import type { UpstreamTarget } from './upstream.ts'

/** What to dial for the `url` of a central system. */
export function upstreamTarget({ url, ca }: Pick<CentralSystemConfig, 'url' | 'ca'>): UpstreamTarget {
  const { protocol, hostname, port, host, pathname } = new URL(url)
  const secure = protocol === 'wss:'
  return {
    // URL keeps the brackets of an IPv6 address; a socket does not want them.
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (secure ? 443 : 80) : Number(port),
    authority: host,
    path: pathname.replace(/\/$/, ''),
    secure,
    ca: ca === undefined ? undefined : readFileSync(ca, 'utf8'),
  }
}
