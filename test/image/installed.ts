import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from './dockerfile.ts'

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: true; readonly optional?: true }>>
}

/**
 * `npm ci` without a registry: what is installed here stands for what it would install. With
 * --omit=dev these are copies of the production dependencies and of nothing else, so that an import
 * of anything else fails. `npm run test:image` runs the real one.
 */
export function installedInstead(command: string, cwd: string): boolean {
  if (!/^npm ci\b/.test(command)) return false
  if (!command.includes('--omit=dev')) {
    symlinkSync(join(projectRoot, 'node_modules'), join(cwd, 'node_modules'))
    return true
  }
  const lock = JSON.parse(readFileSync(join(cwd, 'package-lock.json'), 'utf8')) as Lock
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path === '' || entry.dev) continue
    const source = join(projectRoot, path)
    if (entry.optional && !existsSync(source)) continue
    // Those below another package's node_modules have come with it.
    if (path.lastIndexOf('node_modules/') > 0 && existsSync(join(cwd, path))) continue
    mkdirSync(join(cwd, path, '..'), { recursive: true })
    cpSync(source, join(cwd, path), { recursive: true })
  }
  return true
}
