import { foldKey } from '../../policy/configuration-key.ts'
import { toldVariables } from '../../policy/variables-201.ts'
import type { CallOutcome } from '../../relay/use-case.ts'

/** What a charge point tells of how it takes root certificates. Pure, and total on whatever it sends. */
export interface RootConfiguration {
  /** null: it does not have the key. */
  readonly additionalCheck: boolean | null
  readonly storeMaxLength: number | null
}

export const rootConfigurationKeys = ['AdditionalRootCertificateCheck', 'CertificateStoreMaxLength'] as const
/** Of SecurityCtrlr. How many certificates fit is a limit of a variable there, and not a value of one. */
export const rootConfigurationVariables = ['AdditionalRootCertificateCheck'] as const

/** GetConfiguration.conf (white paper, configuration keys). An error says that it has none; null: nobody can say. */
export function readRootConfiguration(outcome: CallOutcome): RootConfiguration | null {
  return read(outcome, ({ configurationKey }) => {
    const told = new Map<string, string>()
    for (const entry of Array.isArray(configurationKey) ? configurationKey.slice(0, 100) : []) {
      if (typeof entry !== 'object' || entry === null) continue
      const key: unknown = Reflect.get(entry, 'key')
      const value: unknown = Reflect.get(entry, 'value')
      if (typeof key !== 'string' || told.has(foldKey(key))) continue
      // Numbers and booleans without quotation marks are seen from charge points.
      if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
        told.set(foldKey(key), String(value))
    }
    return told
  })
}

/** GetVariables.conf of OCPP 2.0.1. */
export function readRootVariables(outcome: CallOutcome): RootConfiguration | null {
  return read(outcome, toldVariables)
}

type Told = (payload: Readonly<Record<string, unknown>>) => ReadonlyMap<string, string>

function read(outcome: CallOutcome, toldBy: Told): RootConfiguration | null {
  if (outcome.kind === 'error' && outcome.origin !== 'proxy')
    return { additionalCheck: null, storeMaxLength: null }
  if (outcome.kind !== 'result') return null
  const told = toldBy(outcome.payload)
  const textOf = (name: string): string => told.get(foldKey(name))?.trim() ?? ''
  const check = textOf('AdditionalRootCertificateCheck').toLowerCase()
  const length = textOf('CertificateStoreMaxLength')
  return {
    additionalCheck: check === 'true' ? true : check === 'false' ? false : null,
    storeMaxLength: /^\d{1,9}$/.test(length) ? Number(length) : null,
  }
}
