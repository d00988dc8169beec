import type { SessionFacts } from '../../relay/session.ts'
import type { SessionDirectory, UseCaseSession } from '../../relay/use-case.ts'

/** A session that another replica has, as far as it has told. */
export interface RemoteSession extends UseCaseSession {
  readonly replica: string
  isBusy: boolean
}

/**
 * The sessions of all replicas: those of this one as they are, and what the others have told of theirs,
 * for lists, figures and campaigns. What is asked of a charge point is asked of its own replica.
 */
export class Directory implements SessionDirectory {
  readonly #local: SessionDirectory
  readonly #end: (replica: string, identity: string, code: number, text: string) => void
  readonly #remote = new Map<string, RemoteSession>()

  constructor(
    local: SessionDirectory,
    end: (replica: string, identity: string, code: number, text: string) => void,
  ) {
    this.#local = local
    this.#end = end
  }

  get(identity: string): UseCaseSession | null {
    return this.#local.get(identity) ?? this.#remote.get(identity) ?? null
  }

  *all(): Iterable<UseCaseSession> {
    yield* this.#local.all()
    for (const [identity, session] of this.#remote) if (this.#local.get(identity) === null) yield session
  }

  /** Null: it has none, or its session is of this process. */
  remote(identity: string): RemoteSession | null {
    return this.#local.get(identity) === null ? (this.#remote.get(identity) ?? null) : null
  }

  /** Replicas that have told of sessions. */
  get replicas(): readonly string[] {
    return [...new Set([...this.#remote.values()].map(({ replica }) => replica))]
  }

  started(replica: string, facts: SessionFacts, isBusy: boolean): void {
    const notHere = { kind: 'not-sent', detail: 'another replica has this charge point' } as const
    this.#remote.set(facts.identity, {
      facts,
      replica,
      isBusy,
      isOpen: true,
      callChargePoint: async () => notHere,
      callCentralSystem: async () => notHere,
      end: (code, text) => this.#end(replica, facts.identity, code, text),
    })
  }

  ended(replica: string, identity: string): void {
    if (this.#remote.get(identity)?.replica === replica) this.#remote.delete(identity)
  }

  gone(replica: string): void {
    for (const [identity, session] of this.#remote) {
      if (session.replica === replica) this.#remote.delete(identity)
    }
  }
}
