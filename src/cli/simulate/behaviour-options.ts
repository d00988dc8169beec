import type { Command } from 'commander'
import {
  behaviourOf,
  type ChangeBehaviour,
  type ChargePointBehaviour,
  changeBehaviours,
} from '../../simulator/behaviour.ts'
import type { FallbackRule } from '../../simulator/fallback.ts'
import { parseInteger, usageError } from '../store-command.ts'
import { milliseconds, oneOf } from './options.ts'

export interface BehaviourFlags {
  readonly onPassword: string
  readonly onProfile: string
  readonly every?: string
  readonly misbehave?: string
  readonly fallbackAttempts: string
  readonly fallbackAfter?: string
}

const names = Object.keys(changeBehaviours) as readonly ChangeBehaviour[]

/** The flags that say how a charge point takes a new password or profile. */
export function addBehaviourFlags(command: Command): Command {
  return command
    .option('--on-password <how>', `answer to a new AuthorizationKey: ${names.join(', ')}`, 'accept')
    .option('--on-profile <how>', 'answer to a new SecurityProfile: as for --on-password', 'accept')
    .option('--misbehave <list>', 'of a fleet, every --every-th does one of these to both, in turn')
    .option('--every <n>', 'which of a fleet misbehave', '10')
    .option('--fallback-attempts <n>', 'failed connections until a new profile is given up', '1')
    .option('--fallback-after <seconds>', 'or so long after the change')
}

/** How the charge point with this number behaves. */
export function behaviourReader(flags: BehaviourFlags): (number: number) => ChargePointBehaviour {
  const usual = {
    authorizationKey: oneOf(flags.onPassword, '--on-password', names),
    securityProfile: oneOf(flags.onProfile, '--on-profile', names),
  }
  if (flags.misbehave === undefined) return () => usual
  const behaviours = flags.misbehave.split(',').map((name) => oneOf(name, '--misbehave', names))
  if (usual.authorizationKey !== 'accept' || usual.securityProfile !== 'accept') {
    throw usageError('give either --misbehave or --on-password and --on-profile')
  }
  const every = parseInteger(flags.every ?? '10', '--every', 1, 100_000)
  return (number) => behaviourOf(number, { every, behaviours })
}

export function fallbackOf(flags: BehaviourFlags): FallbackRule {
  return {
    attempts: parseInteger(flags.fallbackAttempts, '--fallback-attempts', 1, 1000),
    ...(flags.fallbackAfter === undefined
      ? {}
      : { afterMs: milliseconds(flags.fallbackAfter, '--fallback-after') }),
  }
}

/** What --help says of each behaviour. */
export function behaviourHelp(): string {
  const width = Math.max(...names.map((name) => name.length))
  const lines = names.map((name) => `  ${name.padEnd(width)}  ${changeBehaviours[name]}`)
  return `\nAnswers to a new password or profile:\n${lines.join('\n')}\n`
}
