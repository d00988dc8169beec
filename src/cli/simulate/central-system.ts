import type { Command } from 'commander'
import { messageOf } from '../../policy/error.ts'
import { type Answering, answerings } from '../../simulator/answering.ts'
import {
  type CentralSystem,
  type CentralSystemOptions,
  createCentralSystem,
} from '../../simulator/central-system.ts'
import { parseCommandLine } from '../../simulator/command-line.ts'
import { passwordBytes } from '../../simulator/credentials.ts'
import { createSigner, type SignCsr } from '../../simulator/csms-signing.ts'
import type { EventListener } from '../../simulator/event.ts'
import { unknownActionAnswers } from '../../simulator/legacy-answers.ts'
import type { Shell } from '../shell.ts'
import { guarded, parseInteger, plainCommand, usageError } from '../store-command.ts'
import { createHeldCommands, type HeldCommands } from './held-commands.ts'
import { helpTail, milliseconds, oneOf, passwordOption, readOption } from './options.ts'
import { createPrinter, interruption, type Printer, type Terminal } from './terminal.ts'

interface CommandOptions {
  readonly host: string
  readonly port: string
  readonly path: string
  readonly unknown: string
  readonly username?: string
  readonly passwordFile?: string
  readonly subprotocol: string
  readonly boot: string
  readonly answers: string
  readonly answerDelay: string
  readonly duplicate: string
  readonly heartbeatInterval: string
  readonly callTimeout: string
  readonly signWith?: string
  readonly signKey?: string
  readonly quiet?: true
  readonly json?: true
}

const examples = [
  'central-system --port 9000',
  'central-system --port 9000 --unknown InternalError --json',
  'central-system --port 9000 --answers twice',
  `central-system --port 9000 <<< 'CP-1 TriggerMessage {"requestedMessage":"Heartbeat"}'`,
]

const answeringNames = Object.keys(answerings) as readonly Answering[]

const typing = `
Commands on standard input, one a line (percent-encode spaces in an identity); for whom is still to come, when it has booted:
  CP-1 RemoteStartTransaction {"idTag":"TAG"}
  CP-1 ChangeConfiguration {"key":"MeterValueSampleInterval","value":"10"}
  CP-1 ChangeConfiguration {"key":"AuthorizationKey","value":"<32 to 40 hexadecimal digits>"}
  CP-1 ChangeConfiguration {"key":"SecurityProfile","value":"2"}
  CP-1 DataTransfer {"vendorId":"com.example","messageId":"x","data":"y"}
  CP-1 GetDiagnostics {"location":"https://files.example.com/logs/"}
  CP-1 UpdateFirmware {"location":"https://files.example.com/v2.bin","retrieveDate":"2026-12-01T02:00:00Z"}
  list                          who is connected
  foreign                       what came that a central system of OCPP 1.6 Core should never see`

/** `simulate central-system`: a legacy central system that knows the core messages only. */
export function centralSystemCommand(shell: Shell, terminal: Terminal): Command {
  return plainCommand('central-system', shell)
    .description('a central system as they stand in the field: plain ws://, OCPP 1.6 Core only')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <n>', 'port to listen on; 0 takes a free one', '9000')
    .option('--path <path>', 'what stands before the identity', '/ocpp')
    .option(
      '--unknown <code>',
      `answer to unknown actions: ${unknownActionAnswers.join(', ')}`,
      'NotImplemented',
    )
    .option('--username <name>', 'ask for this user name (with --password-file)')
    .option('--password-file <file>', 'ask for this password')
    .option(
      '--subprotocol <list>',
      'sub-protocols that it knows, separated by commas: ocpp1.6, ocpp2.0.1',
      'ocpp1.6',
    )
    .option('--boot <status>', 'answer to BootNotification: Accepted, Pending or Rejected', 'Accepted')
    .option('--answers <how>', `how it answers: ${answeringNames.join(', ')}`, 'prompt')
    .option('--answer-delay <seconds>', 'how late, with --answers late', '1')
    .option('--duplicate <policy>', 'when an identity comes twice: replace or refuse', 'replace')
    .option('--heartbeat-interval <seconds>', 'interval in the answer to BootNotification', '300')
    .option('--call-timeout <seconds>', 'time for the answer to a command', '30')
    .option('--sign-with <file>', 'OCPP 2.0.1: sign certificates by this authority, PEM (with --sign-key)')
    .option('--sign-key <file>', 'its key')
    .option('--quiet', 'print connections only')
    .option('--json', 'print JSON, one object a line')
    .addHelpText(
      'after',
      `${typing}\n${helpTail(examples, '0 ended by Ctrl-C, 1 the port is taken, 2 used wrong')}`,
    )
    .action((options: CommandOptions) => guarded(shell, () => run(options, shell, terminal)))
}

async function run(options: CommandOptions, shell: Shell, terminal: Terminal): Promise<void> {
  const printer = createPrinter(shell, options.json === true)
  const held = createHeldCommands<CallCommand>((command) => void send(command, central, printer))
  const central = createCentralSystem(settingsOf(options, printer, held.seen))
  const { signal, done } = interruption(terminal)
  const interrupted = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => interrupted.resolve(), { once: true })
  try {
    const { port, url } = await central.listen()
    printer.say(`central system on ${url}, Ctrl-C ends it`, { kind: 'listening', port, url })
    const endLines = terminal.onLine((line) => onCommand(line, { central, printer, held }))
    await interrupted.promise
    endLines()
  } finally {
    done()
    await central.close()
  }
}

function settingsOf(options: CommandOptions, printer: Printer, seen: EventListener): CentralSystemOptions {
  const password = passwordOption(options)
  if ((password === null) !== (options.username === undefined)) {
    throw usageError('--username and --password-file belong together')
  }
  const { signWith, signKey } = options
  if ((signWith === undefined) !== (signKey === undefined)) {
    throw usageError('--sign-with and --sign-key belong together')
  }
  const traffic: ReadonlySet<string> = new Set(['sent', 'received'])
  return {
    host: options.host,
    port: parseInteger(options.port, '--port', 0, 65_535),
    path: options.path,
    unknownActions: oneOf(options.unknown, '--unknown', unknownActionAnswers),
    ...(password === null || options.username === undefined
      ? {}
      : { credentials: { username: options.username, password: passwordBytes(password) } }),
    subprotocols: options.subprotocol.split(',').filter((name) => name !== ''),
    bootStatus: oneOf(options.boot, '--boot', ['Accepted', 'Pending', 'Rejected']),
    answering: oneOf(options.answers, '--answers', answeringNames),
    lateMs: milliseconds(options.answerDelay, '--answer-delay'),
    duplicateIdentity: oneOf(options.duplicate, '--duplicate', ['replace', 'refuse']),
    heartbeatIntervalSeconds: milliseconds(options.heartbeatInterval, '--heartbeat-interval') / 1000,
    callTimeoutMs: milliseconds(options.callTimeout, '--call-timeout'),
    ...(signWith === undefined || signKey === undefined ? {} : { sign: signerOf(signWith, signKey) }),
    // Everything is printed; only what should not have come is remembered.
    historyLimit: 0,
    foreignLimit: 100,
    onEvent: (event) => {
      if (options.quiet !== true || !traffic.has(event.kind)) printer.event(event)
      seen(event)
    },
  }
}

function signerOf(certificate: string, key: string): SignCsr {
  const texts = [readOption(certificate, '--sign-with'), readOption(key, '--sign-key')] as const
  try {
    return createSigner(texts[0].toString(), texts[1].toString())
  } catch (error) {
    throw usageError(`--sign-with: ${messageOf(error)}`)
  }
}

type CallCommand = Extract<ReturnType<typeof parseCommandLine>, { readonly kind: 'call' }>

function onCommand(
  line: string,
  {
    central,
    printer,
    held,
  }: {
    readonly central: CentralSystem
    readonly printer: Printer
    readonly held: HeldCommands<CallCommand>
  },
): void {
  const command = parseCommandLine(line)
  switch (command.kind) {
    case 'empty':
      return
    case 'invalid':
      printer.say(command.problem, { kind: 'invalid-command', problem: command.problem })
      return
    case 'list': {
      const identities = central.identities()
      const text = identities.length === 0 ? 'nobody is connected' : identities
      printer.say(text, { kind: 'connected-identities', identities })
      return
    }
    case 'foreign': {
      const records = central.foreign()
      const text = records.map(({ identity, kind, detail }) => `${identity}: ${kind}: ${detail}`)
      const said = [`${central.foreignCount} foreign messages`, ...text]
      printer.say(said, { kind: 'foreign', count: central.foreignCount, records })
      return
    }
    case 'call': {
      const { identity, action } = command
      if (central.identities().includes(identity)) return void send(command, central, printer)
      const isHeld = held.hold(identity, command)
      const text = isHeld ? 'is sent when it has connected and booted' : 'is not sent, because too many wait'
      printer.say(`${identity}: not connected: ${action} ${text}`, {
        ...{ kind: 'command-outcome', identity, action },
        outcome: isHeld ? 'held' : 'dropped',
      })
    }
  }
}

/** Answers are printed as they arrive; here only what never arrives. */
async function send(command: CallCommand, central: CentralSystem, printer: Printer): Promise<void> {
  const { identity, action, payload } = command
  const outcome = await central.send(identity, action, payload).catch((error: unknown) => error)
  const kind = outcomeKind(outcome)
  if (kind === 'result' || kind === 'error') return
  printer.say(`${identity}: ${action}: ${kind}`, {
    kind: 'command-outcome',
    identity,
    action,
    outcome: kind,
  })
}

function outcomeKind(outcome: unknown): string {
  if (outcome instanceof Error) return outcome.message
  return typeof outcome === 'object' && outcome !== null && 'kind' in outcome
    ? String(outcome.kind)
    : 'unknown'
}
