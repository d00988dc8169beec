import type { CentralSystemConfig, StoreConfig } from '../config/schema.ts'
import type { IdentityFacts } from '../policy/facts.ts'
import { parseBasicAuthorization } from '../policy/password.ts'
import { unseal } from '../store/seal.ts'
import type { ChargePointRecord } from '../store/store.ts'
import { basicAuthorization, fillTemplate, type TemplateValues } from './upstream-headers.ts'

/** Of one of the central systems. */
export interface UpstreamSecrets {
  readonly centralSystem: Pick<CentralSystemConfig, 'authorization'>
  readonly store: Pick<StoreConfig, 'sealingKey'>
}

/** Who was admitted, and on which of its passwords. */
export interface AdmittedChargePoint {
  /** null: it is yet to be learned. */
  readonly chargePoint: ChargePointRecord | null
  readonly credential: 'current' | 'next' | null
}

/**
 * The Authorization header for the central system (`centralSystem.authorization`), or null. `secret`: of
 * perChargePoint, sealed, in place of the one that `admitted` speaks for. Throws ProxyError when a sealed
 * password cannot be opened.
 */
export function upstreamAuthorization(
  config: UpstreamSecrets,
  values: TemplateValues,
  admitted: AdmittedChargePoint,
  presented: string | undefined,
  identity: IdentityFacts,
  secret: string | null = null,
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
      const sealed = secret ?? upstreamSecret(admitted)
      const key = config.store.sealingKey
      if (sealed === null || key === null) return null
      return basicAuthorization(identity.identity, unseal(key, identity.identity, sealed))
    }
    default:
      return basicAuthorization(fillTemplate(setting.username, values), Buffer.from(setting.password))
  }
}

/**
 * A01: the central system has changed the password of this charge point, and expects the new one from
 * who logs in with the new one. The change is settled after this connection is open, not before.
 */
export function upstreamSecret({ chargePoint, credential }: AdmittedChargePoint): string | null {
  const next = credential === 'next' ? (chargePoint?.credentialChange?.nextUpstreamSecret ?? null) : null
  return next ?? chargePoint?.upstreamSecret ?? null
}
