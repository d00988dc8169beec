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
  readonly plainFirmware?: true
  readonly firmwareCa?: string
}

const faults = Object.keys(firmwareFaults) as readonly FirmwareFault[]

/** The flags about signed firmware (L01). */
export function addFirmwareFlags(command: Command): Command {
  return command
    .option('--signed-firmware', 'it has signed updates (L01), trusting --manufacturer-root')
    .option('--plain-firmware', 'it has plain updates (UpdateFirmware), and installs whatever comes')
    .option('--firmware-ca <file>', 'roots of https file servers of firmware; the public ones unless given')
    .option('--on-firmware <how>', `how it takes an update: ${faults.join(', ')}`, 'obey')
}

/** Throws a usage error. */
export function firmwareOf(flags: FirmwareFlags): { readonly firmware?: FirmwareSettings } {
  const fault = oneOf(flags.onFirmware, '--on-firmware', faults)
  const { signedFirmware, plainFirmware, manufacturerRoot, firmwareCa } = flags
  if (signedFirmware === undefined && plainFirmware === undefined) return {}
  if (signedFirmware !== undefined && plainFirmware !== undefined)
    throw usageError('--signed-firmware and --plain-firmware exclude each other (L01.FR.20)')
  const ca = firmwareCa === undefined ? {} : { ca: readOption(firmwareCa, '--firmware-ca').toString() }
  if (plainFirmware !== undefined) return { firmware: { trust: null, fault, ...ca } }
  if (manufacturerRoot === undefined) throw usageError('--signed-firmware needs --manufacturer-root')
  const trust = readOption(manufacturerRoot, '--manufacturer-root').toString()
  return { firmware: { trust, fault, ...ca } }
}
