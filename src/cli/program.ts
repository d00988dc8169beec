import { Command } from 'commander'
import { campaignCommand } from './campaign.ts'
import { certificatesCommand } from './certificates.ts'
import { chargePointsCommand } from './charge-points.ts'
import { checkCommand } from './check.ts'
import { credentialsCommand } from './credentials.ts'
import { demoCommand } from './demo.ts'
import { eventsCommand } from './events.ts'
import { pkiCommand } from './pki.ts'
import { quickstartCommand } from './quickstart.ts'
import { rejectionsCommand } from './rejections.ts'
import { serveCommand } from './serve.ts'
import { simulateCommand } from './simulate.ts'
import { version } from './version.ts'

/** Runs the command line; sets the exit code of the process. */
export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command('ocpp-security-proxy')
    .description(
      'Security profiles 1 to 3 of OCPP 1.6-J in front of a central system that speaks plain ws://',
    )
    .version(version)
    .showSuggestionAfterError()
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  program.addCommand(serveCommand(), { isDefault: true })
  program.addCommand(quickstartCommand())
  program.addCommand(demoCommand())
  program.addCommand(checkCommand())
  program.addCommand(pkiCommand())
  program.addCommand(chargePointsCommand())
  program.addCommand(certificatesCommand())
  program.addCommand(credentialsCommand())
  program.addCommand(rejectionsCommand())
  program.addCommand(eventsCommand())
  program.addCommand(campaignCommand())
  program.addCommand(simulateCommand())
  await program.parseAsync(argv)
}
