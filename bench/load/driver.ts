import { once } from 'node:events'
import { firstMessage, startModule } from '../machine/processes.ts'
import type { LoadCommand, LoadReply, LoadResult, LoadSetting } from './commands.ts'

/** The runner's side of the load generator. */
export interface Load {
  /** Throws Error when the load generator could not do it. */
  run(command: LoadCommand): Promise<LoadResult>
  stop(): Promise<void>
}

/** Starts a load generator; resolves when it takes commands. */
export async function startLoad(setting: LoadSetting): Promise<Load> {
  const started = startModule(new URL('./main.ts', import.meta.url), [JSON.stringify(setting)])
  await firstMessage(started)
  const ended = once(started.child, 'exit').then(() => {
    throw new Error('the load generator ended')
  })
  ended.catch(() => undefined)
  return {
    async run(command) {
      const answer = once(started.child, 'message')
      started.child.send(command)
      const [message] = await Promise.race([answer, ended])
      const reply: LoadReply = message
      if (!reply.ok) throw new Error(`${command.what}: ${reply.message}`)
      return reply.result
    },
    stop: () => started.stop(),
  }
}
