import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { setCredential } from '../admin/charge-point-change.ts'
import { hashKey } from '../gate/credentials/hash.ts'
import { type CanonicalKey, canonicalKey } from '../policy/password.ts'
import { seal } from '../store/seal.ts'
import { chargePointPath } from './api-client.ts'
import { readPassword } from './credentials/password-input.ts'
import { rotateCommand } from './credentials/rotate.ts'
import { printable } from './output.ts'
import { type ChangeOptions, changeCommand, withProxyOrStore } from './proxy-or-store.ts'
import { processShell, type Shell } from './shell.ts'
import { noteChange, type OpenedStore, plainCommand, usageError, withStore } from './store-command.ts'

interface SetOptions extends ChangeOptions {
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
    .addCommand(rotateCommand(shell))
    .addCommand(removeCommand(shell))
}

function setCommand(shell: Shell): Command {
  const examples = [
    'credentials set CP1 --password-file /run/secrets/cp1',
    'credentials set CP1 --hex < key.txt',
    'credentials set CP1 --upstream --password-file /run/secrets/cp1-upstream',
  ]
  return changeCommand('set', shell, examples)
    .description('set the password of a charge point, read from a file or standard input')
    .argument('<identity>')
    .option('--password-file <file>', 'file with the password on one line')
    .option('--hex', 'it is written as hexadecimal digits')
    .option('--text', 'it is text; 32 to 40 hexadecimal digits still count as hexadecimal (default)')
    .option('--upstream', 'the password that the central system expects (authorization: perChargePoint)')
    .allowExcessArguments()
    .action((identity: string, options: SetOptions, command: Command) => {
      const read = () => {
        // Not commander's own refusal, which would repeat the password.
        if (command.args.length > 1) throw usageError('a password is never given as an argument; see --help')
        if (options.hex && options.text) throw usageError('--hex and --text exclude each other')
        return readPassword(shell, options.passwordFile)
      }
      // The sealing key is not the API's: what it seals goes to the store, where sessions find it.
      if (options.upstream) {
        return withStore(shell, options, 'existing', async (opened) =>
          setUpstream(shell, opened, identity, options, await read()),
        )
      }
      return withProxyOrStore(shell, options, 'existing', {
        proxy: async (api) => {
          const password = await read()
          warnOfLength(shell, keyOf(password, options).key)
          const body = options.hex ? { hex: password } : { password }
          await api.call('PUT', chargePointPath(identity, '/password'), body)
          await tellSet(shell, options, identity, 'password')
        },
        store: async ({ store }) => {
          const { key, isText } = keyOf(await read(), options)
          warnOfLength(shell, key)
          await setCredential(store.registry, identity, await hashKey(key, isText), shell.now())
          await noteChange({ store }, shell, identity, 'credentials set')
          await tellSet(shell, options, identity, 'password')
        },
      })
    })
}

function keyOf(password: string, options: SetOptions): CanonicalKey {
  return canonicalKey(options.hex ? { hex: password } : { text: password })
}

function warnOfLength(shell: Shell, key: Buffer): void {
  if (key.length >= 16 && key.length <= 20) return
  shell.err(`warning: ${key.length} bytes; the standard has 16 to 20 (A00.FR.205)\n`)
}

async function setUpstream(
  shell: Shell,
  opened: OpenedStore,
  identity: string,
  options: SetOptions,
  password: string,
): Promise<void> {
  const upstreamSecret = seal(requireSealingKey(opened), identity, keyOf(password, options).key)
  await opened.store.registry.update(identity, { upstreamSecret })
  await noteChange(opened, shell, identity, 'credentials set --upstream')
  await tellSet(shell, options, identity, 'upstream')
}

async function tellSet(
  shell: Shell,
  options: SetOptions,
  identity: string,
  set: 'password' | 'upstream',
): Promise<void> {
  const words = set === 'upstream' ? 'upstream password' : 'password'
  await shell.out(
    options.json ? `${JSON.stringify({ identity, set })}\n` : `set the ${words} of ${printable(identity)}\n`,
  )
}

function requireSealingKey({ sealingKey }: OpenedStore): Buffer {
  if (sealingKey !== null) return sealingKey
  throw usageError('an upstream password needs a configuration (--config) with store.sealingKeyFile')
}

function generateCommand(shell: Shell): Command {
  return changeCommand('generate', shell, ['credentials generate CP1', 'credentials generate CP1 --json'])
    .description('make a random password; it is shown once, and only its hash is kept')
    .argument('<identity>')
    .action((identity: string, options: ChangeOptions) => {
      const key = randomBytes(generatedBytes)
      const value = key.toString('hex').toUpperCase()
      return withProxyOrStore(shell, options, 'existing', {
        proxy: async (api) => {
          await api.call('PUT', chargePointPath(identity, '/password'), { hex: value })
          await tellGenerated(shell, options, identity, value)
        },
        store: async ({ store }) => {
          await setCredential(store.registry, identity, await hashKey(key, false), shell.now())
          await noteChange({ store }, shell, identity, 'credentials generate')
          await tellGenerated(shell, options, identity, value)
        },
      })
    })
}

async function tellGenerated(
  shell: Shell,
  options: ChangeOptions,
  identity: string,
  value: string,
): Promise<void> {
  const changeConfiguration = { key: 'AuthorizationKey', value }
  if (options.json) {
    return shell.out(`${JSON.stringify({ identity, password: value, changeConfiguration })}\n`)
  }
  const lines = [
    value,
    '',
    'Set it on the charge point; it is not shown again:',
    `  ChangeConfiguration ${JSON.stringify(changeConfiguration)}`,
  ]
  return shell.out(`${lines.join('\n')}\n`)
}

function removeCommand(shell: Shell): Command {
  return changeCommand('remove', shell, ['credentials remove CP1'])
    .description('forget the password of a charge point; it cannot log in with one until another is set')
    .argument('<identity>')
    .option('--upstream', 'the password for the central system instead')
    .action((identity: string, options: ChangeOptions & { readonly upstream?: true }) => {
      const removed = options.upstream ? 'upstream' : 'password'
      const tell = () =>
        shell.out(
          options.json
            ? `${JSON.stringify({ identity, removed })}\n`
            : `removed the ${options.upstream ? 'upstream ' : ''}password of ${printable(identity)}\n`,
        )
      if (options.upstream) {
        return withStore(shell, options, 'existing', async ({ store }) => {
          await store.registry.update(identity, { upstreamSecret: null })
          await noteChange({ store }, shell, identity, 'credentials remove --upstream')
          await tell()
        })
      }
      return withProxyOrStore(shell, options, 'existing', {
        proxy: async (api) => {
          await api.call('DELETE', chargePointPath(identity, '/password'))
          await tell()
        },
        store: async ({ store }) => {
          await setCredential(store.registry, identity, null, shell.now())
          await noteChange({ store }, shell, identity, 'credentials remove')
          await tell()
        },
      })
    })
}
