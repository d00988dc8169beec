import type { Subscribe } from './deps.ts'

/** Tells whoever listens that there is something new; what it is they read from the store. */
export interface Signal {
  announce(): void
  readonly subscribe: Subscribe
}

export function createSignal(): Signal {
  const listeners = new Set<{ readonly call: () => void }>()
  return {
    announce() {
      for (const { call } of listeners) call()
    },
    subscribe(listener) {
      // One function may be given twice; each time ends by itself.
      const own = { call: listener }
      listeners.add(own)
      return () => void listeners.delete(own)
    },
  }
}
