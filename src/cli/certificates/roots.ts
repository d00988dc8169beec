import type { Command } from 'commander'
import { Check } from 'typebox/value'
import {
  type RootCertificatesAnswer,
  rootCertificatesSchema,
  rootCertificatesView,
} from '../../admin/root-certificate-view.ts'
import { ProxyError } from '../../policy/error.ts'
import { type ApiClient, chargePointPath, withApiOptions } from '../api-client.ts'
import { printable, table } from '../output.ts'
import { type ChangeOptions, withProxyOrStore } from '../proxy-or-store.ts'
import type { Shell } from '../shell.ts'
import { storeCommand } from '../store-command.ts'
import { hashDataText, typeOf, typeText } from './root-options.ts'

interface RootsOptions extends ChangeOptions {
  readonly refresh?: true
  readonly type?: string
}

const refreshTimeoutMs = 135_000

/** `certificates roots`: what a charge point told of the roots that it trusts (M03). */
export function rootsCommand(shell: Shell): Command {
  const examples = ['certificates roots CP1', 'certificates roots CP1 --refresh --json']
  return withApiOptions(storeCommand('roots', shell, examples))
    .description('show the root certificates of a charge point, as it told of them last (M03)')
    .argument('<identity>')
    .option('--refresh', 'ask the charge point now; it must be connected to a proxy that runs')
    .option('--type <type>', `only this type: ${typeText.replace(' (default)', '')}`)
    .action((identity: string, options: RootsOptions) =>
      withProxyOrStore(shell, options, 'existing', {
        proxy: async (api) => {
          if (options.refresh) await refresh(shell, api, identity, options)
          const answer = await api.call('GET', chargePointPath(identity, '/root-certificates'))
          if (!Check(rootCertificatesSchema, answer)) {
            throw new ProxyError(
              'api_foreign',
              'operator',
              'the proxy answers what this version does not understand',
            )
          }
          await tell(shell, answer, options)
        },
        store: async ({ store: { registry, roots } }) => {
          if (options.refresh) {
            throw new ProxyError('no_proxy', 'operator', 'no proxy runs that could ask the charge point')
          }
          if ((await registry.get(identity)) === null) {
            throw new ProxyError(
              'charge_point_unknown',
              'operator',
              `no charge point ${identity} is registered`,
            )
          }
          const [inventories, known] = [await roots.inventory(identity), await roots.known()]
          await tell(shell, rootCertificatesView(identity, inventories, known), options)
        },
      }),
    )
}

/** Throws ProxyError with the code of the operation when it failed. */
async function refresh(
  shell: Shell,
  api: ApiClient,
  identity: string,
  { type }: RootsOptions,
): Promise<void> {
  const outcome = await api.operate(
    chargePointPath(identity, '/root-certificates/refresh'),
    type === undefined ? {} : { certificateType: typeOf(type) },
    { timeoutMs: refreshTimeoutMs, doing: `asking ${identity} for its root certificates` },
  )
  if (outcome.ok) return
  // What is known is shown all the same.
  shell.err(`error: ${printable(`${identity}: ${outcome.detail} (${outcome.code})`)}\n`)
  shell.setExitCode(1)
}

async function tell(
  shell: Shell,
  answer: RootCertificatesAnswer,
  { json, type }: RootsOptions,
): Promise<void> {
  const only = type === undefined ? null : typeOf(type)
  const inventories = answer.inventories.filter(
    ({ certificateType }) => only === null || certificateType === only,
  )
  if (json) return shell.out(`${JSON.stringify({ ...answer, inventories }, null, 2)}\n`)
  for (const { certificateType, reportedAt, roots } of inventories) {
    const when = reportedAt === null ? 'never asked for' : `${roots.length}, as of ${reportedAt}`
    await shell.out(printable(`${certificateType}: ${when}\n`))
    if (roots.length === 0) continue
    const rows = roots.map(({ hashData, subject, notAfter, children }) => [
      subject ?? 'not known to the proxy',
      notAfter?.slice(0, 10) ?? '-',
      hashData.serialNumber,
      String(children.length),
      hashDataText(hashData),
    ])
    await shell.out(table(['SUBJECT', 'UNTIL', 'SERIAL', 'CHILDREN', 'HASH'], rows))
  }
}
