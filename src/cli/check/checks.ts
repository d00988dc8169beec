import type { LoadedConfig } from '../../config/load.ts'
import {
  byPosition,
  type Finding,
  formatKey,
  type KeyFinding,
  type KeyPath,
  problem,
  warning,
} from '../../config/problem.ts'
import type { TlsConfig } from '../../config/schema.ts'
import { checkCertificateAuthority } from './certificate-authority.ts'
import { readCertificates } from './certificate-file.ts'
import type { CheckContext } from './context.ts'
import {
  checkLogFolder,
  checkSealedPasswords,
  checkSecretFiles,
  checkStore,
  checkTrustFile,
} from './files.ts'
import { checkFirmware } from './firmware.ts'
import { checkMessages } from './messages.ts'
import { checkPlugAndCharge } from './plug-and-charge.ts'
import { checkRevocation } from './revocation.ts'
import { checkServerCertificate, type ShownCertificate } from './server-files.ts'

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
    ...checkPlugAndCharge(context),
    ...checkFirmware(context),
    ...checkMessages(config),
    ...checkStore(context),
    ...checkSealedPasswords(context),
    ...checkLogFolder(context),
    ...checkSecretFiles(context, loaded),
  ]
  const file = loaded.file
  const placed = found.map(({ level, path, text, requirements = [] }): Finding => {
    return { level, file, position: loaded.locate(path), key: formatKey(path), text, requirements }
  })
  return [...loaded.warnings, ...placed].sort(byPosition)
}

function checkTls(context: CheckContext, tls: TlsConfig, path: KeyPath): KeyFinding[] {
  const servers = tls.certificates.map((one, index) =>
    checkServerCertificate(context, one, [...path, 'certificates', index], tls.names),
  )
  const trust = (['trust', 'factory'] as const).flatMap((list) =>
    (tls.clientCertificates?.[list] ?? []).flatMap((file, index) =>
      checkTrustFile(context, file, [...path, 'clientCertificates', list, index]),
    ),
  )
  const { clientCertificates } = tls
  const revocation =
    clientCertificates === undefined
      ? []
      : checkRevocation(context, clientCertificates, [...path, 'clientCertificates'])
  const shown = servers.flatMap((server) => server.shown ?? [])
  // Whoever cannot read a certificate cannot say what is missing.
  const complete = servers.every((server) => server.shown !== null)
  const together = complete ? checkTogether(shown, [...path, 'certificates']) : []
  return [...servers.flatMap(({ findings }) => findings), ...together, ...trust, ...revocation]
}

/** A00.FR.317, 421: two of the mandatory suites need an RSA certificate, two an ECDSA one; OpenSSL has room for one of each. */
function checkTogether(shown: readonly ShownCertificate[], path: KeyPath): KeyFinding[] {
  const ids = ['A00.FR.317', 'A00.FR.421']
  const kinds = shown.map(({ kind }) => kind)
  const missing = [
    ...(kinds.includes('rsa') ? [] : ['no RSA certificate: TLS_RSA_WITH_AES_128/256_GCM']),
    ...(kinds.includes('ec') ? [] : ['no ECDSA certificate: TLS_ECDHE_ECDSA_WITH_AES_128/256_GCM']),
  ]
  const several = [...new Set(kinds)].filter(
    (kind) => new Set(shown.filter((one) => one.kind === kind).map(({ id }) => id)).size > 1,
  )
  return [
    ...missing.map((what) => warning(path, `${what} cannot be negotiated, which is mandatory`, ids)),
    ...several.map((kind) => problem(path, `there are several with ${kind} keys; a listener can show one`)),
  ]
}

function checkCentralSystemRoots(context: CheckContext): KeyFinding[] {
  const { ca } = context.config.centralSystem
  if (ca === undefined) return []
  const read = readCertificates(context, ca)
  return read.ok ? [] : [{ level: 'error', path: ['centralSystem', 'ca'], text: read.problem }]
}
