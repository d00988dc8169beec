import type { LoadedFile } from '../convert.ts'
import { reachOf } from '../network.ts'
import { type KeyFinding, type KeyPath, problem, warning } from '../problem.ts'

type SinkFile = LoadedFile['securityEvents']['sinks'][number]

/** Rules about sinks, each by itself and together. */
export function securityEventSinks(file: LoadedFile): KeyFinding[] {
  const taken = new Set<string>()
  return file.securityEvents.sinks.flatMap((sink, index) => {
    const path = ['securityEvents', 'sinks', index]
    const given = (['file', 'syslog', 'webhook'] as const).filter((kind) => sink[kind] !== undefined)
    if (given.length !== 1) return [problem(path, 'must be one of file, syslog and webhook')]
    return [...namesOf(sink, path, taken), ...syslog(sink, path), ...webhook(sink, path)]
  })
}

/** Two sinks with one name would share a place in the log, and two with one file would rotate it away. */
function namesOf(sink: SinkFile, path: KeyPath, taken: Set<string>): KeyFinding[] {
  const found: KeyFinding[] = []
  const take = (id: string, key: KeyPath, text: string) => {
    if (taken.has(id)) found.push(problem([...path, ...key], text))
    taken.add(id)
  }
  for (const kind of ['file', 'syslog', 'webhook'] as const) {
    const name = sink[kind]?.name
    if (name !== undefined) {
      take(`${kind}/${name}`, [kind, 'name'], `${name} is the name of an earlier ${kind} sink already`)
    }
  }
  if (sink.file) take(`path ${sink.file.path}`, ['file', 'path'], 'an earlier sink writes this file already')
  return found
}

function syslog({ syslog }: SinkFile, path: KeyPath): KeyFinding[] {
  if (syslog === undefined) return []
  const { transport, ca, address } = syslog
  if (transport === 'tls') return []
  const found: KeyFinding[] = []
  if (ca !== undefined) found.push(warning([...path, 'syslog', 'ca'], 'has no effect without transport: tls'))
  if (reachOf(address.host) === 'public') {
    found.push(
      warning(
        [...path, 'syslog', 'transport'],
        `${transport} to a public address: nothing protects the events on the way; use tls`,
      ),
    )
  }
  return found
}

/** Never quotes the URL: it may hold a token. */
function webhook({ webhook }: SinkFile, path: KeyPath): KeyFinding[] {
  if (webhook === undefined) return []
  const key = [...path, 'webhook', 'url']
  const url = URL.canParse(webhook.url) ? new URL(webhook.url) : null
  if (url === null || !/^https?:\/\//i.test(webhook.url)) {
    return [problem(key, 'must be an http:// or https:// URL with a host')]
  }
  if (url.username !== '' || url.password !== '') {
    return [problem(key, 'must not hold a user name or password; the requests are signed with secretFile')]
  }
  const reach = reachOf(url.hostname.replace(/^\[|\]$/g, ''))
  return url.protocol === 'http:' && reach === 'public'
    ? [warning(key, 'http:// to a public address: nothing protects the events on the way; use https://')]
    : []
}

export function eventsTo201({ securityEvents, centralSystem201 }: LoadedFile): KeyFinding[] {
  return securityEvents.toCentralSystem201 !== 'off' && centralSystem201 === undefined
    ? [warning(['securityEvents', 'toCentralSystem201'], 'has no effect without centralSystem201')]
    : []
}

export function ownSession(file: LoadedFile): KeyFinding[] {
  const { toCentralSystem, ownSession } = file.securityEvents
  return ownSession !== undefined && toCentralSystem === 'off'
    ? [warning(['securityEvents', 'ownSession'], 'has no effect while toCentralSystem is off')]
    : []
}
