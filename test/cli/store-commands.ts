import { Command } from 'commander'
import { chargePointsCommand } from '../../src/cli/charge-points.ts'
import { credentialsCommand } from '../../src/cli/credentials.ts'
import { eventsCommand } from '../../src/cli/events.ts'
import { rejectionsCommand } from '../../src/cli/rejections.ts'

/** The commands on the store as a program of their own, for tests that need a process. */
await new Command('ocpp-security-proxy')
  .addCommand(chargePointsCommand())
  .addCommand(credentialsCommand())
  .addCommand(rejectionsCommand())
  .addCommand(eventsCommand())
  .parseAsync()
