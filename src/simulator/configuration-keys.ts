import type { Payload } from '../ocpp/message.ts'

/** Access of a key as in OCPP 1.6, chapter 9; `W` can be set and is never told (AuthorizationKey). */
export type KeyAccess = 'R' | 'RW' | 'W'
export type ChangeStatus = 'Accepted' | 'Rejected' | 'RebootRequired' | 'NotSupported'

interface Entry {
  readonly name: string
  readonly access: KeyAccess
  readonly type: 'integer' | 'text'
  value: string
}

export interface ConfigurationKeys {
  /** null: no such key, or one that is never told. */
  get(name: string): string | null
  /** Sets a key from inside; unknown names are ignored. */
  put(name: string, value: string): void
  /** ChangeConfiguration of a plain key: access and type are checked. */
  change(name: string, value: string): ChangeStatus
  /** GetConfiguration.conf. `names` null or empty: everything that may be read. */
  report(names: readonly string[] | null): Payload
}

type KeyDefault = readonly [name: string, access: KeyAccess, type: Entry['type'], value: string]

/** Whoever has this key has ISO 15118 (application note Plug & Charge). */
export const plugAndChargeKeys: readonly KeyDefault[] = [['ISO15118PnCEnabled', 'RW', 'text', 'true']]

const defaults: readonly KeyDefault[] = [
  ['AuthorizationKey', 'W', 'text', ''],
  ['AdditionalRootCertificateCheck', 'R', 'text', 'false'],
  ['CertificateSignedMaxChainSize', 'R', 'integer', '10000'],
  ['CertificateStoreMaxLength', 'R', 'integer', '10'],
  ['ClockAlignedDataInterval', 'RW', 'integer', '0'],
  ['ConnectionTimeOut', 'RW', 'integer', '60'],
  ['CpoName', 'RW', 'text', ''],
  ['GetConfigurationMaxKeys', 'R', 'integer', '50'],
  ['HeartbeatInterval', 'RW', 'integer', '300'],
  ['MeterValueSampleInterval', 'RW', 'integer', '60'],
  ['MeterValuesSampledData', 'RW', 'text', 'Energy.Active.Import.Register'],
  ['NumberOfConnectors', 'R', 'integer', '1'],
  ['SecurityProfile', 'RW', 'integer', '0'],
  ['SupportedFeatureProfiles', 'R', 'text', 'Core,FirmwareManagement,RemoteTrigger'],
  ['TransactionMessageAttempts', 'RW', 'integer', '3'],
  ['TransactionMessageRetryInterval', 'RW', 'integer', '60'],
  ['WebSocketPingInterval', 'RW', 'integer', '0'],
]

/** The keys of a simulated charge point. Names are case-insensitive (CiString50Type). */
export function createConfigurationKeys(more: readonly KeyDefault[] = []): ConfigurationKeys {
  const entries = new Map<string, Entry>(
    [...defaults, ...more].map(([name, access, type, value]) => [
      name.toLowerCase(),
      { name, access, type, value },
    ]),
  )
  const find = (name: string): Entry | undefined => entries.get(name.toLowerCase())
  const readable = (entry: Entry | undefined): entry is Entry => entry !== undefined && entry.access !== 'W'
  const told = ({ name, access, value }: Entry): Payload => ({ key: name, readonly: access === 'R', value })

  return {
    get(name) {
      const entry = find(name)
      return readable(entry) ? entry.value : null
    },
    put(name, value) {
      const entry = find(name)
      if (entry !== undefined) entry.value = value
    },
    change(name, value) {
      const entry = find(name)
      if (entry === undefined) return 'NotSupported'
      if (entry.access === 'R' || value.length > 500) return 'Rejected'
      if (entry.type === 'integer' && !/^\d{1,9}$/.test(value)) return 'Rejected'
      entry.value = value
      return 'Accepted'
    },
    report(names) {
      if (names === null || names.length === 0) {
        return { configurationKey: [...entries.values()].filter(readable).map(told), unknownKey: [] }
      }
      const asked = names.map((name) => ({ name, entry: find(name) }))
      return {
        configurationKey: asked.flatMap(({ entry }) => (readable(entry) ? [told(entry)] : [])),
        unknownKey: asked.filter(({ entry }) => !readable(entry)).map(({ name }) => name),
      }
    },
  }
}
