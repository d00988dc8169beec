import { guest } from '../guests.ts'
import type { RefusalCase } from '../refusal-case.ts'
import { refusalSeen } from '../seen.ts'

export const upstreamRefusals = {
  upstream_password_unreadable: {
    who: 'CP-SEALED, its password sealed by a lost key',
    site: 'main',
    async attempt({ world }) {
      const client = await guest(world, 'CP-SEALED')
      return refusalSeen(() => client.connect())
    },
  },
  central_system_unreachable: {
    who: 'CP-1, while the central system is down',
    site: 'tight',
    async attempt({ world, site, ready }) {
      await site.centralSystem.central.close()
      await ready()
      const client = await guest(world, 'CP-1', { site: 'tight' })
      return refusalSeen(() => client.connect())
    },
  },
  central_system_refused: {
    who: 'CP-STRANGER, not known upstream',
    site: 'main',
    // Its own status is passed on.
    sees: { kind: 'http', status: 404 },
    centralSystemSees: ['CP-STRANGER upgrade'],
    async attempt({ world }) {
      const client = await guest(world, 'CP-STRANGER')
      return refusalSeen(() => client.connect())
    },
  },
  central_system_timeout: {
    who: 'CP-WAITING, never answered upstream',
    site: 'main',
    centralSystemSees: ['CP-WAITING upgrade'],
    async attempt({ world }) {
      const client = await guest(world, 'CP-WAITING')
      return refusalSeen(() => client.connect())
    },
  },
} as const satisfies Record<string, RefusalCase>
