import type { Config } from '../config/schema.ts'
import type { IdentityFacts } from '../policy/facts.ts'
import { parseBasicAuthorization } from '../policy/password.ts'
import { unseal } from '../store/seal.ts'
import type { ChargePointRecord } from '../store/store.ts'
import { basicAuthorization, fillTemplate, type TemplateValues } from './upstream-headers.ts'

/**
 * The Authorization header for the central system (`centralSystem.authorization`), or null. Throws
 * ProxyError when a sealed password cannot be opened.
 */
export function upstreamAuthorization(
  config: Config,
  values: TemplateValues,
  chargePoint: ChargePointRecord | null,
  presented: string | undefined,
  identity: IdentityFacts,
): string | null {
  const setting = config.centralSystem.authorization
  switch (setting) {
    case 'strip':
      return null
    case 'forward': {
      const basic = parseBasicAuthorization(presented, identity)
      return basic.ok ? basicAuthorization(identity.identity, basic.password) : null
    }
    case 'perChargePoint': {
      const sealed = chargePoint?.upstreamSecret ?? null
      const key = config.store.sealingKey
      if (sealed === null || key === null) return null
      return basicAuthorization(identity.identity, unseal(key, identity.identity, sealed))
    }
    default:
      return basicAuthorization(fillTemplate(setting.username, values), Buffer.from(setting.password))
  }
}
