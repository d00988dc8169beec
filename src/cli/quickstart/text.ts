import { join, relative } from 'node:path'
import type { Config, ListenerConfig } from '../../config/schema.ts'
import type { Paint } from '../demo/paint.ts'
import { passwordFileOf, passwordsFile } from '../demo/passwords.ts'
import { shellWord } from './own-command.ts'
import { certificateFolder } from './prepare.ts'

export interface SummaryFacts {
  readonly config: Config
  /** As the user would type it. */
  readonly configFile: string
  /** Of the admin API; null: there is none. */
  readonly tokenFile: string | null
  /** What starts this program: `ownCommand`. */
  readonly command: string
  readonly folder: string
  /** The folder is a checkout, whose .gitignore names certs/ and data/. */
  readonly isCheckout: boolean
  readonly version: string
}

const meanings = {
  0: 'no security',
  1: 'password over ws://',
  2: 'password over TLS',
  3: 'client certificate over TLS',
} as const

/** What listens where, and what to type next. */
export function summary(facts: SummaryFacts, paint: Paint): string {
  const { config, configFile, command, version } = facts
  const { host, port } = config.admin.address
  const admin = `http://${host}:${port}`
  const places = [
    ...config.listeners.map((listener) => [
      `profile ${listener.securityProfile}`,
      `${meanings[listener.securityProfile]}${listener.tls?.legacy === true ? '; TLS 1.0 and 1.1 for CP-OLD' : ''}`,
      urlOf(listener),
    ]),
    ['central system', 'the demo one: knows nothing of security', config.centralSystem.url],
    ['admin', `/metrics /readyz /livez${facts.tokenFile === null ? '' : ' /api/v1 /openapi.json'}`, admin],
  ]
  return [
    paint('bold', `ocpp-security-proxy ${version}, quickstart with ${configFile}: not for production`),
    '',
    ...columns(places),
    '',
    paint('bold', 'Connect a charge point: in another terminal, in this folder'),
    ...connectLines(facts).flatMap(([what, line]) => [paint('dim', `  # ${what}`), `  ${line}`]),
    '',
    ...actingLines(facts, paint),
    paint('bold', 'See a refusal, and what to do about it'),
    ...refusalLines(facts).flatMap(([what, line]) => [paint('dim', `  # ${what}`), `  ${line}`]),
    paint('dim', '  # who was refused; and number 1 in full, with a hint'),
    `  ${command} rejections list --config ${shellWord(configFile)}`,
    `  ${command} rejections explain 1 --config ${shellWord(configFile)}`,
    paint('dim', '  # the same in numbers'),
    `  curl -s ${admin}/metrics | grep ocpp_proxy_rejections_total`,
    '',
    secretsLine(facts),
    'Ctrl-C ends everything.',
    '',
    '',
  ].join('\n')
}

/** What an operator does with a charge point that is connected; nothing without the admin API. */
function actingLines(facts: SummaryFacts, paint: Paint): readonly string[] {
  const { command, configFile, tokenFile, config } = facts
  if (tokenFile === null || !config.listeners.some(({ securityProfile }) => securityProfile === 1)) return []
  const lines = [
    ['a new random password, proven by a login with it', 'credentials rotate CP-1'],
    ['the same as a campaign: here over one, elsewhere over a fleet', campaignLine],
    ['the security log, and what is added to it', 'events tail'],
  ] as const
  return [
    paint('bold', 'Act on a charge point while it is connected: CP-1'),
    ...lines.flatMap(([what, line]) => [
      paint('dim', `  # ${what}`),
      `  ${command} ${line} --config ${shellWord(configFile)}`,
    ]),
    '',
  ]
}

/** A simulated charge point charges all the time: it is not waited for. */
const campaignLine = 'campaign create rotate-passwords --identity CP-1 --any-time --watch'

function secretsLine(facts: SummaryFacts): string {
  const passwords = join(shown(facts, certificateFolder(facts.config)), passwordsFile)
  const token =
    facts.tokenFile === null ? '' : `, the token of the admin API in ${shown(facts, facts.tokenFile)}`
  return `The passwords are in ${passwords}${token} (mode 0600${facts.isCheckout ? ', ignored by git' : ''}).`
}

/** One line for each demo charge point whose profile has a listener. */
function connectLines(facts: SummaryFacts): (readonly [what: string, line: string])[] {
  const oldSuite = `${passwordOf(facts, 'CP-OLD')} ${rootOf(facts)} --tls 1.0`
  return [
    lineFor(facts, 1, 'CP-1', passwordOf(facts, 'CP-1'), 'CP-1, profile 1'),
    lineFor(facts, 2, 'CP-2', `${passwordOf(facts, 'CP-2')} ${rootOf(facts)}`, 'CP-2, profile 2'),
    lineFor(facts, 3, 'CP-3', certificateOf(facts, 'cp-ecdsa'), 'CP-3, profile 3, ECDSA certificate'),
    lineFor(facts, 3, 'CP-4', certificateOf(facts, 'cp-rsa'), 'CP-4, profile 3, RSA certificate'),
    lineFor(facts, 2, 'CP-OLD', oldSuite, 'CP-OLD, profile 2, can do TLS 1.0 only'),
  ].filter((line) => line !== null)
}

function refusalLines(facts: SummaryFacts): (readonly [what: string, line: string])[] {
  const old = `--password-file ${fileIn(facts, passwordFileOf('CP-2'))} ${rootOf(facts)} --tls 1.0`
  return [
    lineFor(facts, 2, 'CP-2', old, 'CP-2 with TLS 1.0, which only CP-OLD may use'),
    lineFor(facts, 3, 'CP-3', certificateOf(facts, 'cp-factory'), "CP-3 with a manufacturer's certificate"),
  ].filter((line) => line !== null)
}

function lineFor(
  facts: SummaryFacts,
  profile: number,
  identity: string,
  means: string,
  what: string,
): readonly [string, string] | null {
  const listener = facts.config.listeners.find(({ securityProfile }) => securityProfile === profile)
  if (listener === undefined) return null
  return [what, `${facts.command} simulate charge-point --url ${urlOf(listener)} --id ${identity} ${means}`]
}

function passwordOf(facts: SummaryFacts, identity: string): string {
  // A new password goes into the file, so that the line works again.
  return `--password-file ${fileIn(facts, passwordFileOf(identity))} --save-password`
}

function rootOf(facts: SummaryFacts): string {
  return `--ca ${fileIn(facts, 'cpo-root.pem')}`
}

function certificateOf(facts: SummaryFacts, name: string): string {
  return `--cert ${fileIn(facts, `${name}.pem`)} --key ${fileIn(facts, `${name}.key`)} ${rootOf(facts)}`
}

function fileIn(facts: SummaryFacts, name: string): string {
  return shellWord(join(shown(facts, certificateFolder(facts.config)), name))
}

function shown({ folder }: SummaryFacts, path: string): string {
  return relative(folder, path) || '.'
}

/** By the name in the certificate, or a charge point would not believe it (A00.FR.510). */
function urlOf({ address, path, tls }: ListenerConfig): string {
  const host = tls === undefined ? address.host : (tls.names?.[0] ?? 'localhost')
  const scheme = tls === undefined ? 'ws' : 'wss'
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${address.port}${path === '/' ? '' : path}`
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number) => Math.max(...rows.map((row) => (row[column] ?? '').length))
  const [first, second] = [width(0), width(1)]
  return rows.map(([a = '', b = '', c = '']) => `  ${a.padEnd(first)}  ${b.padEnd(second)}  ${c}`)
}
