/** The last few ids of something; the oldest is forgotten first. */
export interface RecentIds {
  add(id: string): void
  has(id: string): boolean
}

export function createRecentIds(limit: number): RecentIds {
  const ids = new Set<string>()
  return {
    add(id) {
      ids.delete(id)
      ids.add(id)
      if (ids.size <= limit) return
      for (const oldest of ids) {
        ids.delete(oldest)
        return
      }
    },
    has: (id) => ids.has(id),
  }
}
