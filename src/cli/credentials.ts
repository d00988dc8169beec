import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { hashKey } from '../gate/credentials/hash.ts'
import { canonicalKey } from '../policy/password.ts'
import { seal } from '../store/seal.ts'
import { readPassword } from './credentials/password-input.ts'
import { printable } from './output.ts'
import { processShell, type Shell } from './shell.ts'
import {
  type OpenedStore,
  plainCommand,
  type StoreOptions,
  storeCommand,
  usageError,
  withStore,
} from './store-command.ts'

interface SetOptions extends StoreOptions {
  readonly passwordFile?: string
  readonly hex?: true
  readonly text?: true
  readonly upstream?: true
}

/** A01.FR.07: the longest key that the standard allows. */
const generatedBytes = 20

/** `credentials`: the Basic passwords of charge points. */
export function credentialsCommand(shell: Shell = processShell()): Command {
  return plainCommand('credentials', shell)
    .description('set, generate and remove the passwords of charge points')
    .addCommand(setCommand(shell))
    .addCommand(generateCommand(shell))
    .addCommand(removeCommand(shell))
}

function setCommand(shell: Shell): Command {
  const examples = [
    'credentials set CP1 --password-file /run/secrets/cp1',
    'credentials set CP1 --hex < key.txt',
    'credentials set CP1 --upstream --password-file /run/secrets/cp1-upstream',
  ]
  return storeCommand('set', shell, examples)
    .description('set the password of a charge point, read from a file or standard input')
    .argument('<identity>')
    .option('--password-file <file>', 'file with the password on one line')
    .option('--hex', 'it is written as hexadecimal digits')
    .option('--text', 'it is text; 32 to 40 hexadecimal digits still count as hexadecimal (default)')
    .option('--upstream', 'the password that the central system expects (authorization: perChargePoint)')
    .allowExcessArguments()
    .action((identity: string, options: SetOptions, command: Command) =>
      withStore(shell, options, 'existing', (opened) => {
        // Not commander's own refusal, which would repeat the password.
        if (command.args.length > 1) throw usageError('a password is never given as an argument; see --help')
        return setPassword(shell, opened, identity, options)
      }),
    )
}

async function setPassword(
  shell: Shell,
  opened: OpenedStore,
  identity: string,
  options: SetOptions,
): Promise<void> {
  if (options.hex && options.text) throw usageError('--hex and --text exclude each other')
  const { registry } = opened.store
  const password = await readPassword(shell, options.passwordFile)
  const { key, isText } = canonicalKey(options.hex ? { hex: password } : { text: password })
  if (options.upstream) {
    const upstreamSecret = seal(requireSealingKey(opened), identity, key)
    await registry.update(identity, { upstreamSecret })
  } else {
    if (key.length < 16 || key.length > 20) {
      shell.err(`warning: ${key.length} bytes; the standard has 16 to 20 (A00.FR.205)\n`)
    }
    await registry.update(identity, { credential: await hashKey(key, isText) })
  }
  const result = { identity, set: options.upstream ? 'upstream' : 'password' }
  await shell.out(
    options.json
      ? `${JSON.stringify(result)}\n`
      : `set the ${result.set === 'upstream' ? 'upstream ' : ''}password of ${printable(identity)}\n`,
  )
}

function requireSealingKey({ sealingKey }: OpenedStore): Buffer {
  if (sealingKey !== null) return sealingKey
  throw usageError('an upstream password needs a configuration (--config) with store.sealingKeyFile')
}

function generateCommand(shell: Shell): Command {
  return storeCommand('generate', shell, ['credentials generate CP1', 'credentials generate CP1 --json'])
    .description('make a random password; it is shown once, and only its hash is kept')
    .argument('<identity>')
    .action((identity: string, options: StoreOptions) =>
      withStore(shell, options, 'existing', async ({ store }) => {
        const key = randomBytes(generatedBytes)
        await store.registry.update(identity, { credential: await hashKey(key, false) })
        const value = key.toString('hex').toUpperCase()
        const changeConfiguration = { key: 'AuthorizationKey', value }
        if (options.json)
          return shell.out(`${JSON.stringify({ identity, password: value, changeConfiguration })}\n`)
        const lines = [
          value,
          '',
          'Set it on the charge point; it is not shown again:',
          `  ChangeConfiguration ${JSON.stringify(changeConfiguration)}`,
        ]
        return shell.out(`${lines.join('\n')}\n`)
      }),
    )
}

function removeCommand(shell: Shell): Command {
  return storeCommand('remove', shell, ['credentials remove CP1'])
    .description('forget the password of a charge point; it cannot log in with one until another is set')
    .argument('<identity>')
    .option('--upstream', 'the password for the central system instead')
    .action((identity: string, options: StoreOptions & { readonly upstream?: true }) =>
      withStore(shell, options, 'existing', async ({ store }) => {
        await store.registry.update(
          identity,
          options.upstream ? { upstreamSecret: null } : { credential: null },
        )
        const removed = options.upstream ? 'upstream' : 'password'
        await shell.out(
          options.json
            ? `${JSON.stringify({ identity, removed })}\n`
            : `removed the ${options.upstream ? 'upstream ' : ''}password of ${printable(identity)}\n`,
        )
      }),
    )
}
