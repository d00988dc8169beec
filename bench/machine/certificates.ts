import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** PEM files of the one server certificate that all peers serve. */
export interface ServerCertificate {
  readonly certificate: string
  readonly key: string
  /** Both in one file, as HAProxy wants it. */
  readonly combined: string
}

/** Makes a self-signed ECDSA P-256 certificate in `folder` with openssl. Throws Error when openssl fails. */
export function makeCertificate(folder: string): ServerCertificate {
  const certificate = join(folder, 'server.pem')
  const key = join(folder, 'server.key')
  const combined = join(folder, 'server-combined.pem')
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-sha256'],
      ...['-days', '2', '-subj', '/O=Bench/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
      ...['-keyout', key, '-out', certificate],
    ],
    { stdio: 'pipe' },
  )
  writeFileSync(combined, readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'), { mode: 0o600 })
  return { certificate, key, combined }
}
