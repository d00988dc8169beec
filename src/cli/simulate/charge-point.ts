import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { ProxyError } from '../../policy/error.ts'
import type { SecurityProfile } from '../../policy/facts.ts'
import { type ChargePointOptions, createChargePoint } from '../../simulator/charge-point.ts'
import type { SimulatorEvent } from '../../simulator/event.ts'
import { driveFleet, type FleetPlan, type MemberResult } from '../../simulator/fleet.ts'
import { describeOutcome } from '../../simulator/probe.ts'
import type { RefusalSeen } from '../../simulator/refusal.ts'
import { profileOf } from '../../simulator/security-settings.ts'
import { type ClientTlsOptions, createClientContext } from '../../simulator/tls-options.ts'
import { strayMessages } from '../../simulator/traffic.ts'
import type { Shell } from '../shell.ts'
import { guarded, parseInteger, plainCommand, usageError } from '../store-command.ts'
import {
  addBehaviourFlags,
  type BehaviourFlags,
  behaviourHelp,
  behaviourReader,
  fallbackOf,
} from './behaviour-options.ts'
import {
  addCertificateFlags,
  type CertificateFlags,
  certificateHelp,
  certificatesOf,
} from './certificate-options.ts'
import { addFirmwareFlags, type FirmwareFlags, firmwareOf } from './firmware-options.ts'
import { addLogFlags, type LogFlags, logHelp, logsOf } from './log-options.ts'
import { helpTail, milliseconds, passwordOption, readOption, tlsVersions } from './options.ts'
import { addRootFlags, type RootFlags, rootHelp, rootsOf } from './root-options.ts'
import { createPrinter, interruption, type Terminal } from './terminal.ts'

interface CommandOptions extends BehaviourFlags, RootFlags, CertificateFlags, LogFlags, FirmwareFlags {
  readonly url: string
  readonly tlsUrl?: string
  readonly id: string
  readonly profile?: string
  readonly passwordFile?: string
  readonly savePassword?: true
  readonly keyHex?: string
  readonly form?: string
  readonly username?: string
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
  readonly tls?: string
  readonly ciphers?: string
  readonly sigalgs?: string
  readonly curves?: string
  readonly subprotocol: string
  readonly serial?: string
  readonly idTag: string
  readonly count: string
  readonly perSecond: string
  readonly meterInterval: string
  readonly pingInterval: string
  readonly handshakeTimeout: string
  readonly once?: true
  readonly probe?: true
  readonly event?: string
  readonly ownEvents?: true
  readonly strict?: true
  readonly expect?: string
  readonly resume?: true
  readonly retry?: true
  readonly quiet?: true
  readonly json?: true
}

const examples = [
  'charge-point --url ws://localhost:9000/ocpp --id CP-1 --once',
  'charge-point --url wss://localhost:8443/ocpp --id CP-1 --profile 2 --password-file cp-1.key --ca certs/cpo-root.pem',
  'charge-point --url wss://localhost:8444/ocpp --id CP-1 --profile 3 --ca certs/cpo-root.pem --cert cp-1.pem --key cp-1.key',
  'charge-point --url wss://localhost:8444/ocpp --id CP-1 --serial F0123 --ca certs/roots.pem --cert factory.pem --key factory.key --save-certificate',
  'charge-point --url wss://localhost:8443/ocpp --id CP-1 --tls 1.0 --ciphers AES128-SHA --ca certs/cpo-root.pem --once --json',
  'charge-point --url ws://localhost:9000/ocpp --id CP-{n} --count 100 --meter-interval 10 --quiet',
  'charge-point --url ws://localhost:9000/ocpp --id CP-1 --probe',
  'charge-point --url ws://localhost:9000/ocpp --id CP-1 --once --event TamperDetectionActivated --strict',
  'charge-point --url ws://localhost:9000/ocpp --id CP-1 --on-password reboot-required --own-events',
  'charge-point --url ws://localhost:9000/ocpp --count 50 --misbehave refuse,silent,drop-before --every 10',
]

const exitCodes = '0 taken in (or ended by Ctrl-C), 1 refused or not served, 2 used wrong'

/** `simulate charge-point`: one charge point, or a fleet of them. */
export function chargePointCommand(shell: Shell, terminal: Terminal): Command {
  const command = plainCommand('charge-point', shell).description(
    'a charge point of OCPP 1.6-J with security profile 0, 1, 2 or 3',
  )
  return addFirmwareFlags(addLogFlags(addCertificateFlags(addRootFlags(addBehaviourFlags(command)))))
    .requiredOption('--url <url>', 'ws:// or wss:// URL, without the identity')
    .option('--tls-url <url>', 'wss:// URL to move to, when it is raised to profile 2 or 3')
    .option('--id <identity>', 'identity; {n} stands for the number in a fleet', 'CP-1')
    .option(
      '--profile <0|1|2|3>',
      'security profile; by default what URL, password and certificate make of it',
    )
    .option('--password-file <file>', 'the key: its bytes, its hex digits, or a text password')
    .option(
      '--save-password',
      'write a new password to --password-file, as a charge point keeps it over a restart',
    )
    .option('--key-hex <digits>', 'the key in hex; every user of this machine sees it in the process list')
    .option('--form <form>', 'what is sent as password: raw, hex-lower, hex-upper or text')
    .option('--username <name>', 'another user name than the identity')
    .option('--ca <file>', 'roots that the server certificate must lead to')
    .option('--cert <file>', 'client certificate, with its chain')
    .option('--key <file>', 'key of the client certificate')
    .option('--servername <name>', 'name to send and to check instead of the host of the URL')
    .option('--tls <version>', '1.0, 1.1, 1.2 or 1.3, or a range such as 1.0..1.2')
    .option('--ciphers <list>', "OpenSSL's cipher string for TLS 1.2 and below")
    .option('--sigalgs <list>', 'signature algorithms')
    .option('--curves <list>', 'groups for the key exchange')
    .option(
      '--subprotocol <list>',
      'sub-protocols to offer, separated by commas; it speaks the first: ocpp1.6 or ocpp2.0.1',
      'ocpp1.6',
    )
    .option('--serial <number>', 'chargePointSerialNumber of BootNotification')
    .option('--id-tag <tag>', 'idTag of transactions', 'SIMULATOR')
    .option('--count <n>', 'size of the fleet', '1')
    .option('--per-second <n>', 'charge points of a fleet that start in a second', '50')
    .option('--meter-interval <seconds>', 'time between two MeterValues', '60')
    .option('--ping-interval <seconds>', 'time between two pings; 0 sends none', '0')
    .option('--handshake-timeout <seconds>', 'time for TCP, TLS and upgrade together', '10')
    .option('--once', 'boot, one transaction, end')
    .option('--probe', 'boot, send the messages of the white paper, print how each is answered, end')
    .option('--event <types>', 'security events to raise, separated by commas (A04)')
    .option('--own-events', 'raise security events for its own acts: start, reset, new password or profile')
    .option('--strict', 'exit code 1 for CALLs that nobody asked for, and for answers without a CALL')
    .option('--expect <actions>', 'CALLs that are asked for, separated by commas (with --strict)')
    .option('--resume', 'resume the TLS session when connecting again; --once then connects twice')
    .option('--retry', 'go on trying when the first connection is refused')
    .option('--quiet', 'print results only')
    .option('--json', 'print JSON, one object a line')
    .addHelpText(
      'after',
      `${behaviourHelp()}${rootHelp()}${certificateHelp()}${logHelp()}${helpTail(examples, exitCodes)}`,
    )
    .action((options: CommandOptions) => guarded(shell, () => run(options, shell, terminal)))
}

async function run(options: CommandOptions, shell: Shell, terminal: Terminal): Promise<void> {
  const printer = createPrinter(shell, options.json === true)
  const onEvent = (event: SimulatorEvent): void => {
    // What was refused is printed as the result, in full.
    if (options.quiet !== true && event.kind !== 'refused') printer.event(event)
  }
  const plan = planOf(options)
  const members = fleetOf(options, onEvent).map(createChargePoint)
  for (const type of listOf(options.event)) for (const member of members) member.raise(type)
  const { signal, done } = interruption(terminal)
  try {
    await driveFleet(members, plan, signal, (result) => {
      // Ctrl-C is how a run ends: nobody needs to be told, unless the books are asked for.
      const asPlanned = plan.mode === 'run' && result.refusal === null && result.problem === null
      if (asPlanned && options.strict !== true) return
      printer.say(describeResult(result, options), { kind: 'result', ...result })
      const unresumed = plan.resume && result.resumed === false
      const strange = options.strict === true && !isClean(result)
      if (result.refusal !== null || result.problem !== null || unresumed || strange) shell.setExitCode(1)
    })
  } catch (error) {
    throw asUsage(error)
  } finally {
    done()
  }
}

function listOf(text: string | undefined): readonly string[] {
  return (text ?? '').split(',').filter((item) => item !== '')
}

/** Nothing came that was not asked for. */
function isClean({ traffic, unsolicited }: MemberResult): boolean {
  return unsolicited.length === 0 && strayMessages(traffic) === 0
}

function planOf(options: CommandOptions): FleetPlan {
  if (options.once === true && options.probe === true) throw usageError('give either --once or --probe')
  return {
    mode: options.probe === true ? 'probe' : options.once === true ? 'once' : 'run',
    resume: options.resume === true,
    retry: options.retry === true,
    perSecond: parseInteger(options.perSecond, '--per-second', 1, 10_000),
    run: { meterIntervalMs: Math.max(1, milliseconds(options.meterInterval, '--meter-interval')) },
  }
}

function fleetOf(options: CommandOptions, onEvent: (event: SimulatorEvent) => void): ChargePointOptions[] {
  const count = parseInteger(options.count, '--count', 1, 100_000)
  const password = passwordOption(options)
  const tls = tlsOf(options)
  const profile = securityProfileOf(options, password !== null)
  const secure = options.url.startsWith('wss:')
  const behaviour = behaviourReader(options)
  const shared: Omit<ChargePointOptions, 'identity'> = {
    fallback: fallbackOf(options),
    ownEvents: options.ownEvents === true,
    expectedCalls: listOf(options.expect),
    url: options.url,
    ...(options.tlsUrl === undefined ? {} : { profileUrls: { 2: options.tlsUrl, 3: options.tlsUrl } }),
    securityProfile: profile,
    tls,
    // One context for the whole fleet: they have the same files, and each would cost memory of its own.
    ...(secure ? { tlsContext: contextOf(tls, profile) } : {}),
    ...(password === null ? {} : { password }),
    ...rootsOf(options),
    ...logsOf(options),
    ...firmwareOf(options),
    ...certificatesOf(options, count),
    ...(options.savePassword === true ? { onPassword: passwordSaver(options, count) } : {}),
    ...(options.username === undefined ? {} : { username: options.username }),
    subprotocols: options.subprotocol.split(',').filter((name) => name !== ''),
    handshakeTimeoutMs: milliseconds(options.handshakeTimeout, '--handshake-timeout'),
    pingIntervalMs: milliseconds(options.pingInterval, '--ping-interval'),
    resume: options.resume === true,
    idTag: options.idTag,
    ...(options.serial === undefined ? {} : { model: { serialNumber: options.serial } }),
    onEvent,
  }
  return Array.from({ length: count }, (_, index) => ({
    ...shared,
    identity: identityOf(options.id, index + 1, count),
    behaviour: behaviour(index + 1),
  }))
}

/** Before the charge point answers: what it has accepted, it has. */
function passwordSaver({ passwordFile }: CommandOptions, count: number): (key: Uint8Array) => void {
  if (passwordFile === undefined) throw usageError('--save-password needs --password-file')
  if (count > 1) throw usageError('--save-password is for one charge point: a fleet would share the file')
  return (key) =>
    writeFileSync(passwordFile, `${Buffer.from(key).toString('hex').toUpperCase()}\n`, { mode: 0o600 })
}

function identityOf(template: string, number: number, count: number): string {
  if (template.includes('{n}')) return template.replaceAll('{n}', String(number))
  return count === 1 ? template : `${template}-${number}`
}

function tlsOf(options: CommandOptions): ClientTlsOptions {
  if ((options.cert === undefined) !== (options.key === undefined)) {
    throw usageError('--cert and --key belong together')
  }
  const file = (path: string, option: string): string => readOption(path, option).toString()
  return {
    ...(options.ca === undefined ? {} : { ca: file(options.ca, '--ca') }),
    ...(options.cert === undefined ? {} : { certificate: file(options.cert, '--cert') }),
    ...(options.key === undefined ? {} : { key: file(options.key, '--key') }),
    ...(options.servername === undefined ? {} : { servername: options.servername }),
    ...(options.tls === undefined ? {} : tlsVersions(options.tls)),
    ...(options.ciphers === undefined ? {} : { ciphers: options.ciphers }),
    ...(options.sigalgs === undefined ? {} : { signatureAlgorithms: options.sigalgs }),
    ...(options.curves === undefined ? {} : { curves: options.curves }),
  }
}

function securityProfileOf(options: CommandOptions, password: boolean): SecurityProfile {
  if (options.profile === undefined) {
    if (!options.url.startsWith('wss:')) return password ? 1 : 0
    return options.cert === undefined ? 2 : 3
  }
  const profile = profileOf(options.profile)
  if (profile === null) throw usageError('--profile must be 0, 1, 2 or 3')
  return profile
}

function contextOf(tls: ClientTlsOptions, profile: SecurityProfile) {
  try {
    return createClientContext(tls, profile === 3)
  } catch (error) {
    throw asUsage(error)
  }
}

function asUsage(error: unknown): unknown {
  const wrong = error instanceof ProxyError && (error.code === 'tls_options' || error.code === 'url_invalid')
  return wrong ? usageError(error.message) : error
}

function describeResult(result: MemberResult, options: CommandOptions): string | readonly string[] {
  const { identity, refusal, problem, resumed, probe } = result
  if (refusal !== null) return describeRefusal(identity, refusal)
  const session = resumed === null ? '' : resumed ? ', session resumed' : ', session NOT resumed'
  const end = problem ?? `${options.once === true ? 'booted, charged and ended' : 'ended'}${session}`
  const answers = (probe ?? []).map(({ action, outcome }) => `  ${action}: ${describeOutcome(outcome)}`)
  return [`${identity}: ${end}`, ...answers, ...(options.strict === true ? describeTraffic(result) : [])]
}

/** Every CALL accounted for, and what nobody asked for. */
function describeTraffic({ traffic, unsolicited }: MemberResult): readonly string[] {
  const { sent, results, errors, timeouts, interrupted } = traffic
  const own = `${sent} CALLs: ${results} results, ${errors} errors, ${timeouts} timeouts, ${interrupted} interrupted`
  const asked = unsolicited.length === 0 ? 'none' : unsolicited.join(', ')
  return [`  ${own}`, `  not asked for: ${asked}; answers without a CALL: ${strayMessages(traffic)}`]
}

/** What the charge point saw, a fact a line. */
function describeRefusal(identity: string, refusal: RefusalSeen): readonly string[] {
  const facts: readonly (readonly [string, string | number | null | undefined])[] = [
    ['error', refusal.errorCode],
    ['TLS alert', refusal.tlsAlert],
    ['WWW-Authenticate', refusal.httpHeaders?.['www-authenticate']],
    ['body', refusal.body === '' ? null : refusal.body?.slice(0, 500)],
    ['close code', refusal.closeCode],
    ['security event', refusal.securityEvent],
  ]
  const known = facts.filter(([, value]) => value !== null && value !== undefined)
  return [
    `${identity}: refused, ${refusal.stage}: ${refusal.detail}`,
    ...known.map(([name, value]) => `  ${name}: ${value}`),
  ]
}
