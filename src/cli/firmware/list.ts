import type { Command } from 'commander'
import { type FirmwareAnswer, firmwareView } from '../../admin/firmware-view.ts'
import { ProxyError } from '../../policy/error.ts'
import { type ChangeOptions, changeCommand, withProxyOrStore } from '../proxy-or-store.ts'
import type { Shell } from '../shell.ts'
import { firmwareTable, firmwareText, pathOf } from './view.ts'

/** `firmware list`: the catalogue. */
export function listCommand(shell: Shell): Command {
  return changeCommand('list', shell, ['firmware list', 'firmware list --json'])
    .description('show the firmware catalogue')
    .action((options: ChangeOptions) => {
      const tell = (items: readonly FirmwareAnswer[]) =>
        shell.out(options.json ? `${JSON.stringify(items, null, 2)}\n` : firmwareTable(items))
      return withProxyOrStore(shell, options, 'existing', {
        proxy: async (api) =>
          tell(((await api.call('GET', '/firmware')) as { items: readonly FirmwareAnswer[] }).items),
        store: async ({ store }) => tell((await store.firmware.list()).map(firmwareView)),
      })
    })
}

/** `firmware show`: one entry. */
export function showCommand(shell: Shell): Command {
  return changeCommand('show', shell, ['firmware show v2', 'firmware show v2 --json'])
    .description('show one image of the catalogue')
    .argument('<name>')
    .action((name: string, options: ChangeOptions) => {
      const tell = (entry: FirmwareAnswer) =>
        shell.out(options.json ? `${JSON.stringify(entry, null, 2)}\n` : firmwareText(entry))
      return withProxyOrStore(shell, options, 'existing', {
        proxy: async (api) => tell((await api.call('GET', pathOf(name))) as FirmwareAnswer),
        store: async ({ store }) => {
          const entry = await store.firmware.get(name)
          if (entry === null) throw unknownFirmware(name)
          await tell(firmwareView(entry))
        },
      })
    })
}

export function unknownFirmware(name: string): ProxyError {
  return new ProxyError('firmware_unknown', 'operator', `there is no firmware ${name} in the catalogue`)
}
