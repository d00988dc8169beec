import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot, renderAll } from './render.ts'

/** Writes the golden files anew; look at the difference before you commit it. */
for (const { golden, text } of renderAll(3)) writeFileSync(join(projectRoot, golden), text)
