import { prepareLogin } from '../../app/open-store.ts'
import type { App } from '../../app.ts'
import { type Contents, contentsOf, isSameContent, isUntouched } from '../../config/contents.ts'
import { type LoadedConfig, loadConfig } from '../../config/load.ts'
import { formatFinding } from '../../config/problem.ts'
import { type ConfigWatcher, watchConfig } from '../../config/watch.ts'
import type { Logger } from '../../observe/log.ts'
import { messageOf } from '../../policy/error.ts'
import type { Store } from '../../store/store.ts'

export interface ReloaderDeps {
  readonly app: Pick<App, 'reload' | 'refresh' | 'reloadFailed'>
  readonly store: Pick<Store, 'shared'>
  readonly loaded: LoadedConfig
  readonly log: Pick<Logger, 'info'>
  /** Reloads wait for it: until then the first configuration is still being taken. */
  readonly started: Promise<void>
}

/** Reads the configuration again, one time after the other. */
export class Reloader {
  readonly #deps: ReloaderDeps
  #sources: readonly string[]
  #watcher: ConfigWatcher | null = null
  #running: Promise<void>
  /**
   * What is in use was made of this; null: that is not known for certain. A signal and the watcher often come
   * for one change, and what is made anew loses what it had learned.
   */
  #taken: Contents | null = null

  constructor(deps: ReloaderDeps) {
    this.#deps = deps
    this.#running = deps.started
    this.#sources = deps.loaded.sources
  }

  async watch(): Promise<void> {
    this.#watcher = await watchConfig(
      this.#sources,
      (changed) => void this.#enqueue(changed.join(', '), false),
    )
  }

  /** Somebody asks for it. Never rejected. */
  reload(cause: string): Promise<void> {
    return this.#enqueue(cause, true)
  }

  close(): void {
    this.#watcher?.close()
  }

  #enqueue(cause: string, isAsked: boolean): Promise<void> {
    this.#running = this.#running
      .then(() => this.#reload(cause, isAsked))
      .catch((error: unknown) => {
        this.#taken = null
        this.#deps.app.reloadFailed(messageOf(error))
      })
    return this.#running
  }

  async #reload(cause: string, isAsked: boolean): Promise<void> {
    const { app, store, loaded: first, log } = this.#deps
    log.info({ cause }, 'reloading')
    // Taken before the files are read: one that changes while they are taken over counts as changed.
    const states = await this.#watcher?.states()
    const before = await contentsOf(this.#sources)
    if (isSameContent(before, this.#taken)) {
      if (isAsked) await app.refresh()
      log.info({ cause }, 'nothing has changed')
      return
    }
    this.#taken = null
    const loaded = loadConfig(first.file)
    if (!loaded.ok) return app.reloadFailed(loaded.problems.map(formatFinding).join('; '))
    const useLogin = prepareLogin(loaded.config.store, store)
    if (!(await app.reload(loaded))) return
    useLogin()
    this.#sources = loaded.sources
    const after = await contentsOf(loaded.sources)
    // Where a file was touched meanwhile, nobody knows which of the two was read.
    this.#taken = isUntouched(before, after) ? after : null
    await this.#watcher?.setPaths(this.#sources, states)
  }
}
