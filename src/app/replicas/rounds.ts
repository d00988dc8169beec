export interface RoundsDeps {
  readonly tasks: Readonly<Record<string, () => Promise<void>>>
  readonly failed: (task: string, error: unknown) => void
}

/** What is done with every beat. No task waits for another one, and none is begun while it runs still. */
export class Rounds {
  readonly #deps: RoundsDeps
  readonly #running = new Map<string, Promise<void>>()
  #isClosed = false

  constructor(deps: RoundsDeps) {
    this.#deps = deps
  }

  run(): void {
    if (this.#isClosed) return
    for (const [name, task] of Object.entries(this.#deps.tasks)) {
      if (this.#running.has(name)) continue
      const running = task()
        .catch((error: unknown) => this.#deps.failed(name, error))
        .finally(() => this.#running.delete(name))
      this.#running.set(name, running)
    }
  }

  /** Begins no more, and waits for what runs. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#running.values())
  }
}
