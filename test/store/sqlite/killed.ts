import { openSqliteStore } from '../../../src/store/sqlite.ts'
import { steps } from './steps.ts'

/** Takes so many steps, says so, and waits to be killed. */
const [path = '', count = '0'] = process.argv.slice(2)
const store = openSqliteStore(path)
for (const step of steps.slice(0, Number(count))) await step.run(store)
process.stdout.write('written\n')
setInterval(() => undefined, 60_000)
