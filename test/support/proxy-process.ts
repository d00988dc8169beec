import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { LogLine, LogLines } from './log-lines.ts'

const root = join(import.meta.dirname, '..', '..')

/** What is run, up to the path of the configuration, and what comes after it. */
export interface Program {
  readonly before: readonly string[]
  readonly after: readonly string[]
}

export const serve: Program = { before: ['src/main.ts', 'serve', '--config'], after: [] }

/** `serve` as a real process of the Node that runs the tests. */
export class ProxyProcess {
  readonly #child: ChildProcess
  readonly #exit: Promise<number | string>
  readonly ports: ReadonlyMap<string, number>
  stderr = ''
  hasEnded = false

  private constructor(child: ChildProcess, exit: Promise<number | string>, ports: Map<string, number>) {
    this.#child = child
    this.#exit = exit
    this.ports = ports
  }

  /** Fulfilled when all listeners and the admin address listen. Throws with its output when it ends before. */
  static async start(configPath: string, log: LogLines, program = serve): Promise<ProxyProcess> {
    const from = log.all.length
    const args = [...program.before, configPath, ...program.after]
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    // Of the exit and its pipes: what was written last is still read.
    const exit = once(child, 'close').then(([code, signal]: (number | string)[]) => code ?? signal ?? -1)
    const ports = new Map<string, number>()
    const self = new ProxyProcess(child, exit, ports)
    log.readFrom(child.stdout)
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      self.stderr += text
    })
    void exit.then(() => {
      self.hasEnded = true
    })
    const tellsPort = (line: LogLine) => line.msg === 'listening'
    try {
      await Promise.race([
        log.wait('listening', (line) => tellsPort(line) && line.listener === 'admin', from),
        exit.then((code) => Promise.reject(new Error(`the proxy ended (${code}): ${self.stderr}`))),
      ])
    } catch (error) {
      child.kill('SIGKILL')
      throw error
    }
    for (const line of log.all.slice(from)) {
      if (tellsPort(line)) ports.set(String(line.listener), Number(line.port))
    }
    return self
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** The exit code, or the signal that ended it. */
  get exit(): Promise<number | string> {
    return this.#exit
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }
}
