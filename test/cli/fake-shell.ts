import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Command } from 'commander'
import { campaignCommand } from '../../src/cli/campaign.ts'
import { certificatesCommand } from '../../src/cli/certificates.ts'
import { chargePointsCommand } from '../../src/cli/charge-points.ts'
import { credentialsCommand } from '../../src/cli/credentials.ts'
import { eventsCommand } from '../../src/cli/events.ts'
import { firmwareCommand } from '../../src/cli/firmware.ts'
import { logCommand } from '../../src/cli/log.ts'
import { rejectionsCommand } from '../../src/cli/rejections.ts'
import type { Shell } from '../../src/cli/shell.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import type { Store } from '../../src/store/store.ts'
import { keep, keepDatabase } from '../support/transcript.ts'

export interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface Setting {
  readonly folder: string
  readonly path: string
  /** Runs one command line on the store; words are split at spaces, or given one by one. */
  run(line: string | readonly string[], input?: string): Promise<Outcome>
  /** The store itself, opened beside the commands. */
  store(): Store
}

const groups: Readonly<Record<string, (shell: Shell) => Command>> = {
  campaign: campaignCommand,
  certificates: certificatesCommand,
  'charge-points': chargePointsCommand,
  credentials: credentialsCommand,
  events: eventsCommand,
  firmware: firmwareCommand,
  log: logCommand,
  rejections: rejectionsCommand,
}

class Exit extends Error {
  readonly code: number
  constructor(code: number) {
    super(`exit ${code}`)
    this.code = code
  }
}

export const startTime = Date.UTC(2026, 0, 2, 3, 4, 5)

/** `wait`: what a command that waits is told, turn by turn; without more it ends. */
export function setUp(context: TestContext, wait: (() => Promise<boolean>) | undefined = undefined): Setting {
  const folder = mkdtempSync(join(tmpdir(), 'ocpp-cli-'))
  const path = join(folder, 'proxy.db')
  let opened: Store | undefined
  context.after(async () => {
    await opened?.close()
    keepDatabase(path)
    rmSync(folder, { recursive: true, force: true })
  })

  async function run(line: string | readonly string[], input?: string): Promise<Outcome> {
    const [name = '', ...words] = typeof line === 'string' ? line.split(' ') : line
    let code = 0
    let out = ''
    let err = ''
    const shell: Shell = {
      out: async (text) => {
        out += text
      },
      err: (text) => {
        err += text
      },
      input: async () => (input === undefined ? null : Buffer.from(input)),
      exit: (status) => {
        throw new Exit(status)
      },
      setExitCode: (status) => {
        code = status
      },
      now: () => startTime,
      wait: wait ?? (async () => false),
      env: {},
    }
    const named = words.includes('--config') ? words : [...words, '--store', path]
    try {
      await groups[name]?.(shell).parseAsync(named, { from: 'user' })
    } catch (error) {
      if (!(error instanceof Exit)) throw error
      code = error.code
    }
    keep('command', out + err)
    return { code, out, err }
  }

  const store = () => {
    opened ??= openSqliteStore(path, { now: () => startTime })
    return opened
  }
  return { folder, path, run, store }
}
