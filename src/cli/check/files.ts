import { dirname } from 'node:path'
import type { LoadedConfig } from '../../config/load.ts'
import { type KeyFinding, type KeyPath, problem, warning } from '../../config/problem.ts'
import type { RedisConfig } from '../../config/schema.ts'
import { describeKey, isStrongEnough } from '../../policy/key-strength.ts'
import { opens } from '../../store/seal.ts'
import { dateText, endsSoon, readCertificates } from './certificate-file.ts'
import { type CheckContext, readPem } from './context.ts'

/** A00.FR.403: every certificate of a trust file can end a path, and is fit for it. */
export function checkTrustFile(context: CheckContext, file: string, path: KeyPath): KeyFinding[] {
  const certificates = readCertificates(context, file)
  if (!certificates.ok) return [problem(path, certificates.problem, ['A00.FR.403'])]
  return certificates.value.flatMap(({ facts }) => {
    const found: KeyFinding[] = []
    if (!facts.isCa) {
      found.push(
        problem(path, `${facts.subject} is not the certificate of an authority: no path can end in it`, [
          'A00.FR.403',
        ]),
      )
    }
    if (context.now > facts.notAfter) {
      found.push(
        warning(
          path,
          `${facts.subject} expired on ${dateText(facts.notAfter)}: nothing below it is admitted`,
          ['A00.FR.403'],
        ),
      )
    } else if (endsSoon(facts, context.now)) {
      found.push(warning(path, `${facts.subject} expires soon, on ${dateText(facts.notAfter)}`))
    }
    if (!isStrongEnough(facts.key)) {
      const ids = ['A00.FR.501', 'A00.FR.502', 'A00.FR.503']
      found.push(
        warning(path, `${facts.subject} has ${describeKey(facts.key)}: nothing below it is admitted`, ids),
      )
    }
    return found
  })
}

/** Files of secrets that every user of the machine can read (CWE-732). */
export function checkSecretFiles(context: CheckContext, loaded: LoadedConfig): KeyFinding[] {
  return loaded.secretFiles.flatMap(({ key, file }) => {
    const facts = context.stat(file)
    if (facts === null || (facts.mode & 0o007) === 0) return []
    const mode = (facts.mode & 0o777).toString(8).padStart(4, '0')
    return [
      warning(key, `every user of the machine can reach the secret in ${file} (mode ${mode}); chmod 600 it`, [
        'CWE-732',
      ]),
    ]
  })
}

/** The store is made at the first start: can it be? */
export function checkStore(context: CheckContext): KeyFinding[] {
  const { sqlite, redis } = context.config.store
  if (redis?.tls !== undefined) return checkRedisTls(context, redis.tls)
  if (sqlite === undefined) return []
  const path = ['store', 'sqlite']
  const file = context.stat(sqlite)
  if (file?.isDirectory) return [problem(path, `${sqlite} is a folder; name a file in it`)]
  if (file !== null && !context.isWritable(sqlite))
    return [problem(path, `this user may not write to ${sqlite}`)]
  return checkFolder(context, dirname(sqlite), path)
}

/** With another key than the one that sealed them, charge points are refused (`upstream_password_unreadable`). */
export function checkSealedPasswords({ config, sealedPasswords }: CheckContext): KeyFinding[] {
  const { sqlite, sealingKey } = config.store
  const systems = [config.centralSystem, config.centralSystem201]
  if (systems.every((one) => one?.authorization !== 'perChargePoint')) return []
  if (sqlite === undefined || sealingKey === null) return []
  const closed = sealedPasswords(sqlite).filter(
    ({ identity, sealed }) => !opens(sealingKey, identity, sealed),
  )
  const [first] = closed
  if (first === undefined) return []
  const more = closed.length === 1 ? '' : ` and ${closed.length - 1} more`
  const text = `it does not open the password for the central system of ${first.identity}${more}: they are refused`
  return [warning(['store', 'sealingKeyFile'], text)]
}

/** Logs of charge points are kept in a folder that is made at the first start: can it be, and written to? */
export function checkLogFolder(context: CheckContext): KeyFinding[] {
  const folder = context.config.chargePointLogs?.folder
  return folder === undefined ? [] : checkFolder(context, folder, ['chargePointLogs', 'folder'])
}

/** One that is missing is made by its writer: then the one above it counts. */
function checkFolder(context: CheckContext, wanted: string, path: KeyPath): KeyFinding[] {
  let folder = wanted
  while (context.stat(folder) === null && dirname(folder) !== folder) folder = dirname(folder)
  if (context.stat(folder)?.isDirectory === false) return [problem(path, `${folder} is a file, not a folder`)]
  return context.isWritable(folder) ? [] : [problem(path, `this user may not write to the folder ${folder}`)]
}

function checkRedisTls(context: CheckContext, tls: NonNullable<RedisConfig['tls']>): KeyFinding[] {
  const path = ['store', 'redis', 'tls']
  return (['ca', 'certificate', 'key'] as const).flatMap((name) => {
    const file = tls[name]
    if (file === undefined) return []
    const read = name === 'key' ? readPem(context, file) : readCertificates(context, file)
    return read.ok ? [] : [problem([...path, name], read.problem)]
  })
}
