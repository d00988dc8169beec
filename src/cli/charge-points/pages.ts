import type { ChargePointQuery, ChargePointRecord, Registry } from '../../store/store.ts'

const pageSize = 1000

/** All charge points that fit, in order, a page at a time; memory holds one page. */
export async function* pagesOf(
  registry: Registry,
  filter: Omit<ChargePointQuery, 'limit' | 'after'>,
  limit: number,
): AsyncGenerator<readonly ChargePointRecord[]> {
  let left = limit
  let after = ''
  while (left > 0) {
    const page = await registry.list({ ...filter, after, limit: Math.min(pageSize, left) })
    const last = page.at(-1)
    if (last === undefined) return
    yield page
    after = last.identity
    left -= page.length
  }
}
