import type { Command } from 'commander'
import { printable } from '../output.ts'
import { type ChangeOptions, changeCommand, withProxyOrStore } from '../proxy-or-store.ts'
import type { Shell } from '../shell.ts'
import { noteChange } from '../store-command.ts'
import { unknownFirmware } from './list.ts'
import { pathOf } from './view.ts'

/** `firmware remove`: nothing of it is handed on any more; updates that run go on. */
export function removeCommand(shell: Shell): Command {
  return changeCommand('remove', shell, ['firmware remove v1'])
    .description('take an image out of the catalogue; updates that run go on')
    .argument('<name>')
    .action((name: string, options: ChangeOptions) => {
      const tell = () =>
        shell.out(options.json ? `${JSON.stringify({ removed: name })}\n` : printable(`removed ${name}\n`))
      return withProxyOrStore(shell, options, 'existing', {
        proxy: async (api) => {
          await api.call('DELETE', pathOf(name))
          await tell()
        },
        store: async (opened) => {
          if (!(await opened.store.firmware.remove(name))) throw unknownFirmware(name)
          await noteChange(opened, shell, null, `firmware remove ${printable(name)}`)
          await tell()
        },
      })
    })
}
