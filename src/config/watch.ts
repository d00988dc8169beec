import { type FSWatcher, watch } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

export interface WatchOptions {
  /** Quiet time after an event, so that a set of files that is replaced one by one counts once. */
  readonly debounceMs?: number
  /** How often is looked without an event: network file systems send none. */
  readonly pollMs?: number
}

/** Files by their absolute name, and what each of them was; opaque to everybody else. */
export type FileStates = ReadonlyMap<string, string>

export interface ConfigWatcher {
  /** What the watched files are now. */
  states(): Promise<FileStates>
  /**
   * Looks at other files from now on. What they are now is the state to compare with; where a file was in
   * `before`, it is that one: who reads the files takes `before` first, and misses nothing that changes meanwhile.
   */
  setPaths(paths: readonly string[], before?: FileStates): Promise<void>
  /** Ends every timer and watcher. No call of onChange starts after it. */
  close(): void
}

/**
 * Calls `onChange` with the files that are not what they were: other content, another file behind a
 * link, gone, or back. Folders are watched rather than files, because files are replaced by renaming:
 * editors do, and Kubernetes swaps the link `..data` beside the mounted files. The promise is
 * fulfilled once the present state is known.
 */
export async function watchConfig(
  paths: readonly string[],
  onChange: (changed: readonly string[]) => void,
  options: WatchOptions = {},
): Promise<ConfigWatcher> {
  const watcher = new FileWatcher(onChange, options.debounceMs ?? 250, options.pollMs ?? 5000)
  await watcher.setPaths(paths)
  return watcher
}

/** How often a steady stream of events may put off a look. */
const maxPostponements = 20

class FileWatcher implements ConfigWatcher {
  readonly #onChange: (changed: readonly string[]) => void
  readonly #debounceMs: number
  readonly #poll: NodeJS.Timeout
  readonly #folders = new Map<string, FSWatcher>()
  #prints = new Map<string, string>()
  #debounce: NodeJS.Timeout | null = null
  #postponed = 0
  #looking: Promise<void> | null = null
  #again = false
  #closed = false

  constructor(onChange: (changed: readonly string[]) => void, debounceMs: number, pollMs: number) {
    this.#onChange = onChange
    this.#debounceMs = debounceMs
    this.#poll = setInterval(() => this.#look(), pollMs)
  }

  states(): Promise<FileStates> {
    return statesOf([...this.#prints.keys()])
  }

  async setPaths(paths: readonly string[], before: FileStates = new Map()): Promise<void> {
    const absolute = [...new Set(paths.map((path) => resolve(path)))]
    // Watching starts before the state is taken: a change in between is then seen twice, not never.
    await this.#watchFolders(absolute)
    const now = await statesOf(absolute)
    this.#prints = new Map([...now].map(([path, state]) => [path, before.get(path) ?? state]))
    // The event of what has changed since `before` may have come and gone.
    if (before.size > 0) this.#look()
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#poll)
    if (this.#debounce) clearTimeout(this.#debounce)
    for (const watcher of this.#folders.values()) watcher.close()
    this.#folders.clear()
  }

  #event(): void {
    if (this.#closed || this.#postponed >= maxPostponements) return
    this.#postponed += 1
    if (this.#debounce) clearTimeout(this.#debounce)
    this.#debounce = setTimeout(() => this.#look(), this.#debounceMs)
  }

  #look(): void {
    if (this.#closed) return
    if (this.#debounce) clearTimeout(this.#debounce)
    this.#debounce = null
    this.#postponed = 0
    if (this.#looking) {
      this.#again = true
      return
    }
    this.#looking = this.#compare().finally(() => {
      this.#looking = null
      if (!this.#again) return
      this.#again = false
      this.#look()
    })
  }

  async #compare(): Promise<void> {
    const prints = this.#prints
    await this.#watchFolders([...prints.keys()])
    const changed: string[] = []
    for (const [path, before] of prints) {
      const now = await fingerprint(path)
      if (now === before) continue
      changed.push(path)
      prints.set(path, now)
    }
    // A call of setPaths meanwhile has taken a newer state.
    if (changed.length > 0 && prints === this.#prints && !this.#closed) this.#onChange(changed)
  }

  /** The folders of the names, and those of the files behind them; a swap of a link changes the latter. */
  async #watchFolders(paths: readonly string[]): Promise<void> {
    const wanted = new Set<string>()
    for (const path of paths) {
      wanted.add(dirname(path))
      const target = await realpath(path).catch(() => null)
      if (target !== null) wanted.add(dirname(target))
    }
    if (this.#closed) return
    for (const [folder, watcher] of this.#folders) {
      if (wanted.has(folder)) continue
      watcher.close()
      this.#folders.delete(folder)
    }
    for (const folder of wanted) if (!this.#folders.has(folder)) this.#watchFolder(folder)
  }

  #watchFolder(folder: string): void {
    try {
      const watcher = watch(folder, () => this.#event())
      // The folder went away, or the system has no watches left: the poll finds changes, and tries again.
      watcher.on('error', () => {
        watcher.close()
        this.#folders.delete(folder)
      })
      this.#folders.set(folder, watcher)
    } catch {
      // As above.
    }
  }
}

async function statesOf(paths: readonly string[]): Promise<Map<string, string>> {
  return new Map(await Promise.all(paths.map(async (path) => [path, await fingerprint(path)] as const)))
}

/** Which file it is and when it was last written; the same text means the same content. */
export async function fingerprint(path: string): Promise<string> {
  try {
    const facts = await stat(path, { bigint: true })
    return [facts.dev, facts.ino, facts.size, facts.mtimeNs, facts.ctimeNs].join(':')
  } catch (error) {
    return `absent:${(error as NodeJS.ErrnoException).code}`
  }
}
