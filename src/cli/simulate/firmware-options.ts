import type { Command } from 'commander'
import {
  type FirmwareFault,
  type FirmwareSettings,
  firmwareFaults,
} from '../../simulator/firmware-commands.ts'
import { usageError } from '../store-command.ts'
import { oneOf, readOption } from './options.ts'

export interface FirmwareFlags {
  readonly manufacturerRoot?: string
  readonly signedFirmware?: true
  readonly onFirmware: string
}

const faults = Object.keys(firmwareFaults) as readonly FirmwareFault[]

/** The flags about signed firmware (L01). */
export function addFirmwareFlags(command: Command): Command {
  return command
    .option(
      '--signed-firmware',
      'it has signed updates (L01), trusting --manufacturer-root; else plain ones only',
    )
    .option('--on-firmware <how>', `how it takes SignedUpdateFirmware: ${faults.join(', ')}`, 'obey')
}

/** Throws a usage error. */
export function firmwareOf(flags: FirmwareFlags): { readonly firmware?: FirmwareSettings } {
  const fault = oneOf(flags.onFirmware, '--on-firmware', faults)
  if (flags.signedFirmware === undefined) return {}
  const { manufacturerRoot } = flags
  if (manufacturerRoot === undefined) throw usageError('--signed-firmware needs --manufacturer-root')
  return { firmware: { trust: readOption(manufacturerRoot, '--manufacturer-root').toString(), fault } }
}
