import type { ChargePointOptions } from './charge-point-options.ts'
import type { ChargePointSecurity } from './charge-point-security.ts'
import { type ConfigurationKeys, createConfigurationKeys, plugAndChargeKeys } from './configuration-keys.ts'

/** The keys of a charge point as it leaves the factory. */
export function factoryConfiguration(
  options: Pick<ChargePointOptions, 'plugAndCharge' | 'cpoName'>,
  { profile, roots }: Pick<ChargePointSecurity, 'profile' | 'roots'>,
): ConfigurationKeys {
  const configuration = createConfigurationKeys(options.plugAndCharge === true ? plugAndChargeKeys : [])
  configuration.put('SecurityProfile', String(profile))
  configuration.put('CpoName', options.cpoName ?? '')
  configuration.put('AdditionalRootCertificateCheck', String(roots.additionalCheck))
  configuration.put('CertificateStoreMaxLength', String(roots.maxLength))
  return configuration
}
