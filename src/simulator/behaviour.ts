/** How a charge point takes a change of its password or its security profile. */
export const changeBehaviours = {
  accept: 'Accepted, and it comes back with it.',
  refuse: 'Rejected.',
  'not-supported': 'NotSupported: no such key.',
  'reboot-required': 'RebootRequired: in use from the next Reset on.',
  silent: 'It never answers, and does not take it.',
  'drop-before': 'The line drops before it has taken or answered anything.',
  'drop-after': 'It takes it, and the line drops before the answer.',
  error: 'CALLERROR InternalError, and it does not take it.',
} as const

export type ChangeBehaviour = keyof typeof changeBehaviours

export interface ChargePointBehaviour {
  /** ChangeConfiguration(AuthorizationKey), A01. */
  readonly authorizationKey: ChangeBehaviour
  /** ChangeConfiguration(SecurityProfile), A05. */
  readonly securityProfile: ChangeBehaviour
}

export const obedient: ChargePointBehaviour = { authorizationKey: 'accept', securityProfile: 'accept' }

/** Some of a fleet misbehave: every so many-th, one behaviour after the other. */
export interface Misbehaviour {
  /** 10: the tenth, the twentieth and so on. */
  readonly every: number
  /** For both keys, unless `only` says which. */
  readonly behaviours: readonly ChangeBehaviour[]
  readonly only?: keyof ChargePointBehaviour
}

/** How the charge point with this number (from 1) behaves. */
export function behaviourOf(number: number, { every, behaviours, only }: Misbehaviour): ChargePointBehaviour {
  if (every < 1 || number % every !== 0) return obedient
  const wrong = behaviours[(number / every - 1) % behaviours.length]
  if (wrong === undefined) return obedient
  if (only !== undefined) return { ...obedient, [only]: wrong }
  return { authorizationKey: wrong, securityProfile: wrong }
}
