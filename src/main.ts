#!/usr/bin/env node
import { assertNodeVersion } from './cli/node-version.ts'

// Before anything else is loaded: an old Node fails on the syntax of the rest with a riddle.
assertNodeVersion()
const { run } = await import('./cli/program.ts')
await run(process.argv)
