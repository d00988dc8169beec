import { readdirSync, readFileSync } from 'node:fs'

/**
 * What processes cost, read from /proc. Wall clock on a shared machine says little about a program;
 * the time that the scheduler gave it says much.
 */

/** Processor time in microseconds: `fine` from schedstat (nanoseconds), `coarse` from the clock ticks of stat. */
export interface CpuTime {
  readonly fine: number
  readonly coarse: number
}

/** Resident memory in KiB. Pages shared between processes count once in `pss`. */
export interface Memory {
  readonly rss: number
  readonly pss: number
}

// USER_HZ is 100 on every Linux that Node runs on; it is part of the kernel's interface.
const microsecondsPerTick = 10_000

/** The process and everything it started, itself first. */
export function processTree(pid: number): number[] {
  const pids = [pid]
  for (const task of tasksOf(pid)) {
    const children = read(`/proc/${pid}/task/${task}/children`).trim()
    if (children === '') continue
    for (const child of children.split(' ')) pids.push(...processTree(Number(child)))
  }
  return pids
}

/** User and system time of the processes so far, all threads that still live (coarse: ended ones too). */
export function cpuTime(pids: readonly number[]): CpuTime {
  let fine = 0
  let coarse = 0
  for (const pid of pids) {
    for (const task of tasksOf(pid)) {
      fine += Number(read(`/proc/${pid}/task/${task}/schedstat`).split(' ')[0] ?? 0) / 1000
    }
    // The program's name may hold spaces and brackets: count the fields from behind it.
    const stat = read(`/proc/${pid}/stat`)
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    coarse += (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * microsecondsPerTick
  }
  return { fine, coarse }
}

/** Resident memory of the processes now. */
export function memory(pids: readonly number[]): Memory {
  let rss = 0
  let pss = 0
  for (const pid of pids) {
    const rollup = read(`/proc/${pid}/smaps_rollup`)
    rss += kibibytes(rollup, 'Rss')
    pss += kibibytes(rollup, 'Pss')
  }
  return { rss, pss }
}

/** How many files a process may open, which is what bounds its connections. */
export function openFilesLimit(): number {
  const line = /^Max open files\s+(\d+|unlimited)/m.exec(read('/proc/self/limits'))?.[1]
  return line === undefined || line === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(line)
}

function kibibytes(rollup: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0)
}

function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

/** Empty when the process or thread ended in between, which is no fault. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
