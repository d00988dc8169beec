import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildImage, type Image } from './build.ts'
import { ourInstructions } from './dockerfile.ts'
import { installedInstead } from './installed.ts'

/** The registry is asked only by `npm run test:image`. */
const isWhole = process.env.IMAGE_TEST === 'whole'

/** Builds our image in a temporary folder; `remove` at the end. */
export function buildOurImage(): { image: Image; folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'ocpp-image-'))
  chmodSync(folder, 0o755)
  const image = buildImage(ourInstructions, { folder, ...(isWhole ? {} : { instead: installedInstead }) })
  return { image, folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
