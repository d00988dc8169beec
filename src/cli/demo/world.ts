import { createPrivateKey, X509Certificate } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { initDevelopmentPki } from '../../pki/development.ts'
import type { Credentials } from '../../pki/profiles.ts'
import { openSqliteStore } from '../../store/sqlite.ts'
import type { Store } from '../../store/store.ts'
import { hasPassword, registerChargePoints } from './charge-points.ts'
import { databaseOf, type SiteName, siteNames, writeConfiguration } from './configuration.ts'
import { guestChargePoints } from './guests.ts'
import { makePasswords } from './passwords.ts'
import { ProxyProcess } from './proxy-process.ts'
import { writeRevocationLists } from './revocation-lists.ts'
import {
  type CentralSystemScript,
  startWatchedCentralSystem,
  type WatchedCentralSystem,
} from './watched-central-system.ts'

export const organization = 'Example CPO'

/** A proxy with its central system and its store, as the demo sees them from outside. */
export interface Site {
  readonly proxy: ProxyProcess
  readonly centralSystem: WatchedCentralSystem
  readonly store: Store
}

/** Everything that the demo plays with; all of it lives in one temporary folder. */
export interface World {
  readonly sites: Readonly<Record<SiteName, Site>>
  readonly passwords: ReadonlyMap<string, Buffer>
  /** Text of a file of the development PKI. */
  file(name: string): Promise<string>
  /** A certificate of the development PKI with its key. */
  credentials(name: string): Promise<Credentials>
  /** Ends what is left, by force where it must be, and removes the folder. */
  close(): Promise<void>
}

const scripts: Readonly<Record<SiteName, CentralSystemScript>> = {
  main: {
    refuse: { 'CP-STRANGER': 404 },
    keepWaiting: ['CP-WAITING'],
    keepCallsOpen: ['CP-PATIENT'],
  },
  tight: {},
}

/** Makes certificates, stores, central systems and proxies. `tell` hears of each step. */
export async function createWorld(program: readonly string[], tell: (step: string) => void): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'ocpp-security-proxy-demo-'))
  // For an end that waits for nobody, such as a closed pipe: the folder holds private keys.
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  const cleanups: (() => unknown)[] = [remove, () => process.off('exit', remove)]
  const close = async () => {
    for (const cleanup of cleanups.toReversed()) await cleanup()
    cleanups.length = 0
  }
  try {
    tell('making certificates: two roots, server and charge points, RSA and ECDSA')
    await initDevelopmentPki({
      directory: folder,
      names: ['localhost', '127.0.0.1'],
      organization,
      now: Date.now(),
    })
    await writeRevocationLists(folder, organization, Date.now())
    const passwords = makePasswords(guestChargePoints.filter(hasPassword).map(({ identity }) => identity))
    const openSite = async (name: SiteName): Promise<Site> => {
      const store = openSqliteStore(join(folder, databaseOf(name)))
      cleanups.push(() => store.close())
      await registerChargePoints(store.registry, guestChargePoints, passwords)
      const centralSystem = await startWatchedCentralSystem(scripts[name])
      cleanups.push(() => centralSystem.central.close())
      const config = await writeConfiguration(folder, name, centralSystem.port)
      const proxy = new ProxyProcess(program, config)
      cleanups.push(() => {
        proxy.kill()
        return proxy.exit
      })
      await proxy.start()
      return { proxy, centralSystem, store }
    }
    tell(`starting ${siteNames.length} proxies, each with a plain central system behind it`)
    const sites = { main: await openSite('main'), tight: await openSite('tight') }
    const file = (name: string) => readFile(join(folder, name), 'utf8')
    return {
      sites,
      passwords: passwords.keys,
      file,
      credentials: async (name) => ({
        certificate: new X509Certificate(await file(`${name}.pem`)),
        privateKey: createPrivateKey(await file(`${name}.key`)),
      }),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
