import { type Static, Type } from 'typebox'
import type { KeyTypeName } from '../policy/key-types.ts'
import { centralSystem201Schema, centralSystemSchema } from './schema/central-system.ts'
import { certificateAuthoritySchema } from './schema/certificate-authority.ts'
import { chargePointLogsSchema } from './schema/charge-point-logs.ts'
import { passwordsSchema, profileUpgradeSchema } from './schema/credentials.ts'
import { firmwareSchema } from './schema/firmware.ts'
import { about, choice, type Loaded } from './schema/kinds.ts'
import { limitsSchema } from './schema/limits.ts'
import { listenerSchema } from './schema/listener.ts'
import { messagesSchema } from './schema/messages.ts'
import { onboardingSchema } from './schema/onboarding.ts'
import { adminSchema, admissionSchema, drainSchema, logSchema, storeSchema } from './schema/operations.ts'
import { plugAndChargeSchema } from './schema/plug-and-charge.ts'
import { securityEventsSchema } from './schema/security-events.ts'

export type { Address } from './schema/kinds.ts'

/**
 * The schema of a configuration file: the one source of the types, of config/schema.json and of
 * docs/configuration.md. Keys with a default count as required here, because they are filled in
 * before anybody looks; the published schema leaves them optional (`fileSchema`).
 */
export const configSchema = Type.Object(
  {
    edition: choice([3, 4], {
      description: 'Edition of the white paper "Improved security for OCPP 1.6-J". 4 ends TLS 1.0 and 1.1.',
      default: 3,
    }),
    cpo: Type.Object(
      {
        names: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
          maxItems: 32,
          uniqueItems: true,
          ...about({
            description:
              'Names of the operator as they stand in organizationName of certificates; the first is sent as CpoName. At least one with profile 3.',
            default: [],
            requirements: ['A00.FR.404', 'A00.FR.509'],
          }),
        }),
      },
      { additionalProperties: false, ...about({ description: 'The charge point operator.', default: {} }) },
    ),
    listeners: Type.Array(listenerSchema, {
      minItems: 1,
      maxItems: 64,
      ...about({ description: 'Where charge points connect.', requirements: ['A00.FR.006'] }),
    }),
    centralSystem: centralSystemSchema,
    centralSystem201: Type.Optional(centralSystem201Schema),
    admission: admissionSchema,
    messages: messagesSchema,
    passwords: passwordsSchema,
    profileUpgrade: profileUpgradeSchema,
    certificateAuthority: Type.Optional(certificateAuthoritySchema),
    onboarding: Type.Optional(onboardingSchema),
    plugAndCharge: Type.Optional(plugAndChargeSchema),
    firmware: firmwareSchema,
    chargePointLogs: Type.Optional(chargePointLogsSchema),
    limits: limitsSchema,
    store: storeSchema,
    securityEvents: securityEventsSchema,
    admin: adminSchema,
    drain: drainSchema,
    log: logSchema,
  },
  { additionalProperties: false },
)

/** A configuration file after defaults were filled in, texts still as written. */
export type ConfigFile = Static<typeof configSchema>

type FixedCredentials = { readonly username: string; readonly password: string }
type ListenerFile = ConfigFile['listeners'][number]
type TlsFile = NonNullable<ListenerFile['tls']>

/** PEM files of a server certificate and its key. */
export interface PemServerCertificate {
  readonly certificate: string
  readonly key: string
  readonly passphrase?: string
}

export interface Pkcs12ServerCertificate {
  readonly pkcs12: string
  readonly passphrase: string
}

/** The proxy makes them itself: one for each kind of key. */
export interface IssuedServerCertificate {
  readonly issue: 'local'
  /** At least one; the first is the CN (A00.FR.510). */
  readonly names: readonly string[]
  /** Milliseconds. */
  readonly lifetime: number
  readonly keyTypes: readonly KeyTypeName[]
}

export type ServerCertificateConfig = PemServerCertificate | Pkcs12ServerCertificate | IssuedServerCertificate

/** TLS of a listener; secrets are in place of the files that held them, paths are absolute. */
export type TlsConfig = Loaded<Omit<TlsFile, 'certificates'>> & {
  readonly certificates: readonly ServerCertificateConfig[]
}

/** A listener. `path` is '' for the root, so that path + '/' + identity is always right. */
export type ListenerConfig = Loaded<Omit<ListenerFile, 'tls'>> & { readonly tls?: TlsConfig }

export type CentralSystemConfig = Loaded<Omit<ConfigFile['centralSystem'], 'authorization'>> & {
  readonly authorization: 'strip' | 'forward' | 'perChargePoint' | FixedCredentials
}

export type CentralSystem201Config = Loaded<
  Omit<NonNullable<ConfigFile['centralSystem201']>, 'authorization'>
> &
  Pick<CentralSystemConfig, 'authorization'>

type RedisFile = NonNullable<ConfigFile['store']['redis']>

/** Secrets are in place of the files that held them. */
export type RedisConfig = Loaded<Omit<RedisFile, 'passwordFile' | 'sentinelPasswordFile'>> & {
  readonly password: string | null
  readonly sentinelPassword: string | null
}

/** Exactly one of `sqlite` and `redis`. */
export type StoreConfig = Loaded<Omit<ConfigFile['store'], 'sealingKeyFile' | 'redis'>> & {
  readonly redis?: RedisConfig
  /** 32 bytes. */
  readonly sealingKey: Buffer | null
}

export type AdminConfig = Loaded<Omit<ConfigFile['admin'], 'tokenFile'>> & { readonly token: string | null }

type SecurityEventsFile = ConfigFile['securityEvents']
type SinkFile = SecurityEventsFile['sinks'][number]

/** A sink: one of the three. Secrets are in place of the files that held them. */
export type SinkConfig = Loaded<Omit<SinkFile, 'webhook'>> & {
  readonly webhook?: Loaded<Omit<NonNullable<SinkFile['webhook']>, 'secretFile'>> & {
    readonly secret: string | null
  }
}

export type SecurityEventsConfig = Loaded<Omit<SecurityEventsFile, 'sinks'>> & {
  readonly sinks: readonly SinkConfig[]
}

type AuthorityFile = NonNullable<ConfigFile['certificateAuthority']>
type LocalFile = NonNullable<AuthorityFile['local']>
type EstFile = NonNullable<AuthorityFile['est']>
type HttpFile = NonNullable<AuthorityFile['http']>

/** An authority: one of the three. Secrets are in place of the files that held them. */
export interface AuthoritySource {
  readonly local?: Loaded<Omit<LocalFile, 'passphraseFile'>> & { readonly passphrase: string | null }
  readonly est?: Loaded<Omit<EstFile, 'passphraseFile' | 'passwordFile'>> &
    RemoteSecrets & {
      readonly password: string | null
    }
  readonly http?: Loaded<Omit<HttpFile, 'passphraseFile' | 'tokenFile'>> &
    RemoteSecrets & {
      readonly token: string | null
    }
}

/** Of the key of our TLS client certificate. */
interface RemoteSecrets {
  readonly passphrase: string | null
}

export type CertificateAuthorityConfig = Loaded<
  Omit<AuthorityFile, 'local' | 'est' | 'http' | 'rsa' | 'ec'>
> &
  AuthoritySource & { readonly rsa?: AuthoritySource; readonly ec?: AuthoritySource }

type PlugAndChargeFile = NonNullable<ConfigFile['plugAndCharge']>
type PoolFile = NonNullable<PlugAndChargeFile['evCertificate']['pool']>

/** Secrets are in place of the files that held them. */
export type PlugAndChargeConfig = Loaded<Omit<PlugAndChargeFile, 'evCertificate' | 'signCertificate'>> & {
  readonly signCertificate: Loaded<Omit<PlugAndChargeFile['signCertificate'], 'authority'>> & {
    readonly authority?: CertificateAuthorityConfig
  }
  readonly evCertificate: Loaded<Omit<PlugAndChargeFile['evCertificate'], 'pool'>> & {
    readonly pool?: Loaded<Omit<PoolFile, 'passphraseFile' | 'tokenFile'>> &
      RemoteSecrets & { readonly token: string | null }
  }
}

export type LimitsConfig = Loaded<ConfigFile['limits']>
export type AdmissionConfig = Loaded<ConfigFile['admission']>
export type PasswordsConfig = Loaded<ConfigFile['passwords']>
export type ProfileUpgradeConfig = Loaded<ConfigFile['profileUpgrade']>
export type OnboardingConfig = Loaded<NonNullable<ConfigFile['onboarding']>>
export type ChargePointLogsConfig = Loaded<NonNullable<ConfigFile['chargePointLogs']>>
export type MessagesConfig = Loaded<ConfigFile['messages']>

/**
 * The configuration as the product sees it: checked, complete, frozen. Durations are milliseconds,
 * sizes bytes, paths absolute.
 */
export type FirmwareConfig = Loaded<ConfigFile['firmware']>

export interface Config {
  readonly edition: ConfigFile['edition']
  readonly cpo: Loaded<ConfigFile['cpo']>
  readonly listeners: readonly ListenerConfig[]
  readonly centralSystem: CentralSystemConfig
  readonly centralSystem201?: CentralSystem201Config
  readonly admission: AdmissionConfig
  readonly messages: MessagesConfig
  readonly passwords: PasswordsConfig
  readonly profileUpgrade: ProfileUpgradeConfig
  readonly certificateAuthority?: CertificateAuthorityConfig
  readonly onboarding?: OnboardingConfig
  readonly plugAndCharge?: PlugAndChargeConfig
  readonly firmware: FirmwareConfig
  readonly chargePointLogs?: ChargePointLogsConfig
  readonly limits: LimitsConfig
  readonly store: StoreConfig
  readonly securityEvents: SecurityEventsConfig
  readonly admin: AdminConfig
  readonly drain: Loaded<ConfigFile['drain']>
  readonly log: Loaded<ConfigFile['log']>
}
