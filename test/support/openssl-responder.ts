import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { AnswerOptions, OpensslCa } from './openssl-ca.ts'

export interface OpensslResponder {
  readonly url: string
  stop(): Promise<void>
}

/** The responder process of `openssl ocsp` on a free port. Call `stop` at the end. */
export async function startOpensslResponder(
  ca: OpensslCa,
  { signer = 'root', ca: authority = 'root', options = ['-ndays', '1'] }: AnswerOptions = {},
): Promise<OpensslResponder> {
  const who = [
    '-index',
    'index.txt',
    '-CA',
    `${authority}.pem`,
    '-rsigner',
    `${signer}.pem`,
    '-rkey',
    `${signer}.key`,
  ]
  const child = spawn('openssl', ['ocsp', '-port', '0', ...who, ...options], {
    cwd: ca.folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const port = await portOf(child)
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      const ended = once(child, 'exit')
      if (child.kill('SIGKILL')) await ended
    },
  }
}

/** It prints where it listens, once it does. */
async function portOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the responder has no output')
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /^ACCEPT .*:(\d+)/.exec(line)?.[1]
    if (port !== undefined) return port
  }
  throw new Error('the responder ended without a port')
}
