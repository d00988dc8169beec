import type { LoadedConfig } from '../../config/load.ts'
import {
  byPosition,
  type Finding,
  formatKey,
  type KeyFinding,
  type KeyPath,
  warning,
} from '../../config/problem.ts'
import type { TlsConfig } from '../../config/schema.ts'
import { checkCertificateAuthority } from './certificate-authority.ts'
import { readCertificates } from './certificate-file.ts'
import type { CheckContext } from './context.ts'
import { checkSecretFiles, checkStore, checkTrustFile } from './files.ts'
import { checkMessages } from './messages.ts'
import { checkPair } from './server-certificate.ts'

/**
 * Opens every file that a loaded configuration names and returns everything that is wrong, in the
 * order of the configuration, the warnings of loading included. `serve` logs the same when it
 * starts, and runs all the same: an expired certificate must not turn a restart into an outage.
 */
export function checkLoaded(loaded: LoadedConfig, context: CheckContext): readonly Finding[] {
  const { config } = context
  const found: KeyFinding[] = [
    ...config.listeners.flatMap((listener, index) =>
      listener.tls ? checkTls(context, listener.tls, ['listeners', index, 'tls']) : [],
    ),
    ...checkCentralSystemRoots(context),
    ...checkCertificateAuthority(context),
    ...checkMessages(config),
    ...checkStore(context),
    ...checkSecretFiles(context, loaded),
  ]
  const file = loaded.file
  const placed = found.map(({ level, path, text, requirements = [] }): Finding => {
    return { level, file, position: loaded.locate(path), key: formatKey(path), text, requirements }
  })
  return [...loaded.warnings, ...placed].sort(byPosition)
}

function checkTls(context: CheckContext, tls: TlsConfig, path: KeyPath): KeyFinding[] {
  const pairs = tls.certificates.map((pair, index) =>
    checkPair(context, pair, [...path, 'certificates', index], tls.names),
  )
  const trust = (['trust', 'factory'] as const).flatMap((list) =>
    (tls.clientCertificates?.[list] ?? []).flatMap((file, index) =>
      checkTrustFile(context, file, [...path, 'clientCertificates', list, index]),
    ),
  )
  const kinds = pairs.map((pair) => pair.leaf?.facts.key.type)
  // Whoever cannot read a certificate cannot say what is missing.
  const complete = !kinds.includes(undefined)
  return [...pairs.flatMap((pair) => pair.findings), ...(complete ? bothKinds(kinds, path) : []), ...trust]
}

/** A00.FR.317, 421: two of the mandatory suites need an RSA certificate, two an ECDSA one. */
function bothKinds(kinds: readonly (string | undefined)[], path: KeyPath): KeyFinding[] {
  const ids = ['A00.FR.317', 'A00.FR.421']
  const missing = [
    ...(kinds.includes('rsa') ? [] : ['no RSA certificate: TLS_RSA_WITH_AES_128/256_GCM']),
    ...(kinds.includes('ec') ? [] : ['no ECDSA certificate: TLS_ECDHE_ECDSA_WITH_AES_128/256_GCM']),
  ]
  return missing.map((what) =>
    warning([...path, 'certificates'], `${what} cannot be negotiated, which is mandatory`, ids),
  )
}

function checkCentralSystemRoots(context: CheckContext): KeyFinding[] {
  const { ca } = context.config.centralSystem
  if (ca === undefined) return []
  const read = readCertificates(context, ca)
  return read.ok ? [] : [{ level: 'error', path: ['centralSystem', 'ca'], text: read.problem }]
}
