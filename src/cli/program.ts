import { Command } from 'commander'
import { version } from './version.ts'

/** Each command is loaded when it is asked for: they need different libraries, and these take a second. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./serve.ts')).serveCommand(),
  quickstart: async () => (await import('./quickstart.ts')).quickstartCommand(),
  demo: async () => (await import('./demo.ts')).demoCommand(),
  check: async () => (await import('./check.ts')).checkCommand(),
  pki: async () => (await import('./pki.ts')).pkiCommand(),
  'charge-points': async () => (await import('./charge-points.ts')).chargePointsCommand(),
  certificates: async () => (await import('./certificates.ts')).certificatesCommand(),
  credentials: async () => (await import('./credentials.ts')).credentialsCommand(),
  firmware: async () => (await import('./firmware.ts')).firmwareCommand(),
  log: async () => (await import('./log.ts')).logCommand(),
  rejections: async () => (await import('./rejections.ts')).rejectionsCommand(),
  events: async () => (await import('./events.ts')).eventsCommand(),
  campaign: async () => (await import('./campaign.ts')).campaignCommand(),
  simulate: async () => (await import('./simulate.ts')).simulateCommand(),
}
const defaultCommand = 'serve'

/** Runs the command line; sets the exit code of the process. */
export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command('ocpp-security-proxy')
    .description(
      'Security profiles 1 to 3 of OCPP 1.6-J in front of a central system that speaks plain ws://',
    )
    .version(version)
    .showSuggestionAfterError()
  const { names, isNamed } = wanted(argv[2])
  for (const name of names) {
    const command = await commands[name]?.()
    if (command !== undefined) program.addCommand(command, { isDefault: isNamed && name === defaultCommand })
  }
  exitAsPromised(program)
  await program.parseAsync(argv)
}

/** Every command, not run: for those who check what is written about them. */
export function allCommands(): Promise<readonly Command[]> {
  return Promise.all(Object.values(commands).map((load) => load()))
}

/** The command that is named first; all of them where help is asked for, or a name that is none. */
function wanted(first: string | undefined): { readonly names: readonly string[]; readonly isNamed: boolean } {
  if (first !== undefined && Object.hasOwn(commands, first)) return { names: [first], isNamed: true }
  const isHelp = first === 'help' || first === '--help' || first === '-h'
  if (first === undefined || (first.startsWith('-') && !isHelp))
    return { names: [defaultCommand], isNamed: true }
  // A name that is none must not be taken for an argument of the default command.
  return { names: Object.keys(commands), isNamed: isHelp }
}

/** 2 for whoever uses a command in a wrong way (design, section 11); a command does not inherit it. */
function exitAsPromised(command: Command): void {
  command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  for (const one of command.commands) exitAsPromised(one)
}
