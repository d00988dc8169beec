import type { LoadedFile } from './convert.ts'
import { type KeyFinding, type KeyPath, problem, warning } from './problem.ts'
import type { ReadFile } from './read.ts'
import { resolveCertificateAuthority } from './resolve/certificate-authority.ts'
import { resolvePlugAndCharge } from './resolve/plug-and-charge.ts'
import { resolveServerCertificate } from './resolve/server-certificate.ts'
import type {
  CentralSystemConfig,
  Config,
  ListenerConfig,
  RedisConfig,
  SecurityEventsConfig,
  TlsConfig,
} from './schema.ts'
import { readSealingKey, readSecretText, type SecretOutcome } from './secrets.ts'

export interface Resolved {
  readonly config: Config
  readonly findings: readonly KeyFinding[]
}

/** The last step: secrets come out of their files, and the shape becomes that of `Config`. */
export function resolveConfig(file: LoadedFile, readFile: ReadFile): Resolved {
  const findings: KeyFinding[] = []
  const take = <T>(outcome: SecretOutcome<T>, path: KeyPath): T | null => {
    if (outcome.ok) return outcome.value
    findings.push(problem(path, outcome.problem))
    return null
  }
  const text = (path: string, key: KeyPath) => take(readSecretText(path, readFile), key)

  const { sealingKeyFile, redis, ...store } = file.store
  const { tokenFile, ...admin } = file.admin
  const token = tokenFile === undefined ? null : text(tokenFile, ['admin', 'tokenFile'])
  if (token !== null && token.length < 16) {
    findings.push(
      warning(['admin', 'tokenFile'], 'the token is shorter than 16 characters; it can be guessed'),
    )
  }
  const { certificateAuthority, plugAndCharge, centralSystem201, ...rest } = file
  const config: Config = {
    ...rest,
    listeners: file.listeners.map((listener, index) => resolveListener(listener, ['listeners', index], text)),
    centralSystem: resolveCentralSystem(file.centralSystem, 'centralSystem', text),
    ...(centralSystem201 === undefined
      ? {}
      : { centralSystem201: resolveCentralSystem(centralSystem201, 'centralSystem201', text) }),
    ...(certificateAuthority === undefined
      ? {}
      : { certificateAuthority: resolveCertificateAuthority(certificateAuthority, text) }),
    ...(plugAndCharge === undefined ? {} : { plugAndCharge: resolvePlugAndCharge(plugAndCharge, text) }),
    store: {
      ...store,
      ...(redis === undefined ? {} : { redis: resolveRedis(redis, text) }),
      sealingKey:
        sealingKeyFile === undefined
          ? null
          : take(readSealingKey(sealingKeyFile, readFile), ['store', 'sealingKeyFile']),
    },
    securityEvents: resolveSecurityEvents(file.securityEvents, text),
    admin: { ...admin, token },
  }
  return { config: deepFreeze(config), findings }
}

type CentralSystemKey = 'centralSystem' | 'centralSystem201'

/** null: a finding says why. */
export type ReadText = (path: string, key: KeyPath) => string | null

function resolveListener(
  listener: LoadedFile['listeners'][number],
  path: KeyPath,
  text: ReadText,
): ListenerConfig {
  const { tls, ...rest } = listener
  const plain = { ...rest, path: rest.path === '/' ? '' : rest.path }
  if (tls === undefined) return plain
  const certificates = tls.certificates.map((one, index) =>
    resolveServerCertificate(one, tls.names ?? [], [...path, 'tls', 'certificates', index], text),
  )
  return { ...plain, tls: { ...tls, certificates } satisfies TlsConfig }
}

function resolveCentralSystem<S extends Omit<NonNullable<LoadedFile['centralSystem201']>, 'certificates'>>(
  section: S,
  name: CentralSystemKey,
  text: ReadText,
): S & Pick<CentralSystemConfig, 'authorization'> {
  const { authorization } = section
  const url = section.url.replace(/\/+$/, '')
  if (typeof authorization === 'string') return { ...section, url, authorization }
  const { username, password, passwordFile } = authorization
  const key = [name, 'authorization', 'passwordFile']
  const secret = password ?? (passwordFile === undefined ? null : text(passwordFile, key)) ?? ''
  return { ...section, url, authorization: { username, password: secret } }
}

function resolveRedis(section: NonNullable<LoadedFile['store']['redis']>, text: ReadText): RedisConfig {
  const { passwordFile, sentinelPasswordFile, ...rest } = section
  const path = ['store', 'redis']
  const read = (file: string | undefined, name: string) =>
    file === undefined ? null : text(file, [...path, name])
  return {
    ...rest,
    password: read(passwordFile, 'passwordFile'),
    sentinelPassword: read(sentinelPasswordFile, 'sentinelPasswordFile'),
  }
}

function resolveSecurityEvents(section: LoadedFile['securityEvents'], text: ReadText): SecurityEventsConfig {
  const sinks = section.sinks.map(({ webhook, ...sink }, index) => {
    if (webhook === undefined) return sink
    const { secretFile, ...rest } = webhook
    const key = ['securityEvents', 'sinks', index, 'webhook', 'secretFile']
    return { ...sink, webhook: { ...rest, secret: secretFile === undefined ? null : text(secretFile, key) } }
  })
  return { ...section, sinks }
}

/** What everybody shares, nobody changes. The bytes of a Buffer cannot be frozen. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  for (const item of Object.values(value)) deepFreeze(item)
  return Object.freeze(value)
}
