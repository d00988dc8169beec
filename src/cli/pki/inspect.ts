import type { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { openStore } from '../../app/open-store.ts'
import { loadConfig } from '../../config/load.ts'
import { formatFinding } from '../../config/problem.ts'
import type { Config } from '../../config/schema.ts'
import { modeOf } from '../../gate/mode.ts'
import { checkLast, entryOf, learnsFactory } from '../../gate/onboarding.ts'
import { certificateFacts, parseCertificate, splitPem } from '../../pki/certificate.ts'
import { buildChain, type TrustLists } from '../../pki/chain.ts'
import { readCsr } from '../../pki/csr.ts'
import { describeCertificate } from '../../pki/describe.ts'
import { messageOf, ProxyError } from '../../policy/error.ts'
import type { CertificateFacts, ChainFacts } from '../../policy/facts.ts'
import { admitted } from '../../policy/verdict.ts'
import type { Store } from '../../store/store.ts'
import { fields, table } from '../output.ts'
import type { Shell } from '../shell.ts'
import { guarded, plainCommand, usageError } from '../store-command.ts'
import { readInput, readPassphrase } from './files.ts'
import {
  type Claimant,
  type Inspection,
  inspectCertificate,
  inspectCsr,
  unreadableCsr,
} from './inspect-rules.ts'
import { isBundle } from './options.ts'

interface InspectOptions {
  readonly config?: string
  readonly listener?: string
  readonly identity?: string
  readonly serialNumber?: string
  readonly trust?: string[]
  readonly cpo?: string[]
  readonly passphraseFile?: string
  readonly json?: true
}

const examples = `
Examples:
  ocpp-security-proxy pki inspect cp.pem --identity CP-1
  ocpp-security-proxy pki inspect cp.pem --trust cpo-root.pem --cpo "Example CPO" --serial-number SN-0001
  ocpp-security-proxy pki inspect request.csr --identity CP-1 --json

The first certificate of the file is the charge point's, the others are those that it sends with it.
Whether its authority has revoked it is asked at the connection, not here; the deny list is looked at.

Exit codes: 0 it would be admitted, 1 it would be refused, 2 used wrong`

/** `pki inspect`: what would the gate say to this certificate or request, and why? */
export function inspectCommand(shell: Shell): Command {
  const collect = (one: string, before: string[] | undefined): string[] => [...(before ?? []), one]
  return plainCommand('inspect', shell)
    .description('what would the gate say to this certificate, or to this request (CSR), rule by rule?')
    .argument('<file>', 'certificates (PEM, DER, PKCS #12) or a request (PEM)')
    .option('--identity <id>', 'of the charge point that would come with it; the registry is asked')
    .option('--serial-number <text>', 'what its CN must be, without a registry')
    .option('--config <file>', 'configuration: trust, cpo.names, checks, store', 'ocpp-security-proxy.yaml')
    .option('--listener <name>', 'whose trust counts; default: the first of profile 3')
    .option('--trust <file>', 'PEM of a trusted root, instead of a configuration; may be repeated', collect)
    .option('--cpo <name>', 'accepted organizationName, instead of a configuration; may be repeated', collect)
    .option('--passphrase-file <file>', 'file with the passphrase of a PKCS #12')
    .option('--json', 'write JSON')
    .addHelpText('after', examples)
    .action((file: string, options: InspectOptions) => guarded(shell, () => inspect(shell, file, options)))
}

/** What the gate knows before anybody comes. */
interface Setting {
  readonly trust: TrustLists
  readonly cpoNames: readonly string[]
  /** null: trust and names were given instead. */
  readonly config: Config | null
  /** null: there is none. */
  readonly store: Store | null
}

async function inspect(shell: Shell, file: string, options: InspectOptions): Promise<void> {
  const content = readInput(file)
  const setting = await settingOf(shell, options)
  try {
    if (options.identity !== undefined && setting.store === null)
      throw usageError('--identity needs the store of a configuration; or name --serial-number')
    const text = content.toString('latin1')
    const isRequest = /-----BEGIN (NEW )?CERTIFICATE REQUEST-----/.test(text)
    const found = isRequest
      ? await inspectRequest(text, setting, options)
      : await inspectFile(shell, file, content, setting, options)
    await tell(shell, options, found)
    shell.setExitCode(found.inspection.outcome === 'refused' ? 1 : 0)
  } finally {
    await setting.store?.close()
  }
}

function learns(config: Config, { anchor }: ChainFacts): boolean {
  return anchor === 'factory' ? learnsFactory(config) : config.admission.unknownChargePoints === 'learn'
}

interface Found {
  readonly about: readonly (readonly [label: string, value: string])[]
  readonly subject: string
  readonly inspection: Inspection
}

async function inspectFile(
  shell: Shell,
  file: string,
  content: Buffer,
  { trust, cpoNames, config, store }: Setting,
  options: InspectOptions,
): Promise<Found> {
  const [leaf, ...presented] = await readCertificates(file, content, options)
  if (leaf === undefined) throw new ProxyError('pki_file', 'operator', `${file} holds no certificate`)
  const facts = certificateFacts(leaf)
  const now = shell.now()
  const entry = store === null ? undefined : await store.denied.find(facts)
  const chain = buildChain(leaf, presented, trust, now)
  const holder =
    store === null ? undefined : await store.registry.findBySerialNumber(facts.commonNames[0] ?? '')
  const inspection = inspectCertificate({
    chain,
    ...{ cpoNames, now },
    modeOf: (reason) => modeOf(config?.admission.checks ?? {}, reason),
    claimant: await claimantOf(store, options.identity, facts),
    serialNumber: options.serialNumber ?? null,
    registeredAs: holder === undefined ? undefined : (holder?.identity ?? null),
    entry: config === null ? null : entryOf(chain, config, now),
    learns: config !== null && learns(config, chain),
    denied: entry === undefined ? undefined : (entry?.note ?? null),
  })
  return { about: describeCertificate(facts), subject: facts.subject, inspection }
}

async function inspectRequest(
  text: string,
  { cpoNames, store }: Setting,
  options: InspectOptions,
): Promise<Found> {
  const reading = readCsr(text)
  if (!reading.ok) {
    const { code, detail } = reading.problem
    const inspection = unreadableCsr(code === 'csr_too_large' ? code : 'csr_unreadable', detail)
    return { about: [], subject: '', inspection }
  }
  const { facts } = reading.csr
  const claimant = await claimantOf(store, options.identity, facts)
  const serialNumber =
    claimant === null ? (options.serialNumber ?? null) : (claimant.record?.serialNumber ?? null)
  const keyOwner = claimant?.keyOwner ?? null
  const expected = { identity: options.identity ?? '', cpoNames, serialNumber, keyOwner }
  const about = [
    ['request for', facts.subject],
    ['key fingerprint', facts.keyFingerprint],
  ] as const
  return { about, subject: facts.subject, inspection: inspectCsr(facts, expected, claimant !== null) }
}

async function claimantOf(
  store: Store | null,
  identity: string | undefined,
  facts: Pick<CertificateFacts, 'keyFingerprint'> & Partial<Pick<CertificateFacts, 'fingerprint'>>,
): Promise<Claimant | null> {
  if (store === null || identity === undefined) return null
  const { registry } = store
  const { keyFingerprint, fingerprint } = facts
  const [record, keyOwner] = [await registry.get(identity), await registry.keyOwner(keyFingerprint)]
  const last =
    fingerprint === undefined ? admitted : await checkLast(identity, { fingerprint, keyFingerprint }, store)
  return { identity, record, keyOwner, last }
}

async function readCertificates(
  file: string,
  content: Buffer,
  options: InspectOptions,
): Promise<readonly X509Certificate[]> {
  try {
    if (isBundle(file)) {
      const { readPkcs12 } = await import('../../pki/pkcs12.ts')
      const { certificate, chain } = readPkcs12(content, readPassphrase(options.passphraseFile) ?? '')
      return [certificate, ...chain]
    }
    const blocks = splitPem(content.toString('latin1'))
    return blocks.length === 0 ? [parseCertificate(content)] : blocks.map((block) => parseCertificate(block))
  } catch (cause) {
    throw new ProxyError('pki_file', 'operator', `${file}: ${messageOf(cause)}`, { cause })
  }
}

async function settingOf(shell: Shell, options: InspectOptions): Promise<Setting> {
  if (options.trust !== undefined) {
    return {
      trust: { cpo: readTrust(options.trust), factory: [] },
      cpoNames: options.cpo ?? [],
      config: null,
      store: null,
    }
  }
  const loaded = loadConfig(options.config ?? '', { env: shell.env })
  if (!loaded.ok) {
    const problems = loaded.problems.map(formatFinding).join('\n')
    const message = `the configuration has problems (or name --trust and --cpo):\n${problems}`
    throw new ProxyError('config_invalid', 'operator', message)
  }
  const { config } = loaded
  const { trust, factory } = trustOf(config, options.listener)
  const { sqlite } = config.store
  const isMade = sqlite === undefined || existsSync(sqlite)
  const store = isMade ? await openStore(config.store, { now: shell.now }) : null
  const lists = { cpo: readTrust(trust), factory: readTrust(factory) }
  return { trust: lists, cpoNames: options.cpo ?? config.cpo.names, config, store }
}

function trustOf({ listeners }: Config, name: string | undefined) {
  const mutual = listeners.filter(({ securityProfile }) => securityProfile === 3)
  const listener = name === undefined ? mutual[0] : mutual.find((one) => one.name === name)
  const found = listener?.tls?.clientCertificates
  if (found !== undefined) return found
  throw usageError(
    name === undefined
      ? 'no listener of profile 3 is configured'
      : `no listener of profile 3 is named ${name}`,
  )
}

function readTrust(paths: readonly string[]): readonly X509Certificate[] {
  return paths.flatMap((path) => {
    const blocks = splitPem(readInput(path).toString('latin1'))
    if (blocks.length === 0) throw usageError(`${path} holds no certificate in PEM`)
    try {
      return blocks.map((block) => parseCertificate(block))
    } catch (cause) {
      throw new ProxyError('pki_file', 'operator', `${path}: ${messageOf(cause)}`, { cause })
    }
  })
}

const outcomes = {
  admitted: 'it would be admitted',
  onboarding: 'it would be admitted to onboarding, and no further (A00.FR.406)',
  refused: 'it would be refused',
} as const

async function tell(
  shell: Shell,
  { json }: InspectOptions,
  { about, subject, inspection }: Found,
): Promise<void> {
  const { rules, outcome, reason } = inspection
  if (json) return shell.out(`${JSON.stringify({ subject, outcome, reason, rules }, null, 2)}\n`)
  if (about.length > 0) await shell.out(`${fields(about)}\n`)
  const rows = rules.map((one) => [one.verdict, one.rule, one.requirements.join(' '), one.detail ?? ''])
  await shell.out(table(['', 'rule', 'requirements', ''], rows))
  await shell.out(`\n${outcomes[outcome]}${reason === null ? '' : `: ${reason}`}\n`)
}
