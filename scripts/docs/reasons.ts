import { type PeerView, type Reason, reasonCodes, reasons, stages } from '../../src/policy/reasons.ts'
import { generatedNote, markdownTable } from './markdown.ts'

const intro = `# Reasons

${generatedNote}

Why a charge point, a request or a message is refused. One code stands for one reason everywhere: in the label
\`reason\` of \`ocpp_proxy_rejections_total\`, in log lines, in \`rejections\` and in the records of the store. Codes are
never renamed.

"Switchable" checks can be set in \`admission.checks\`: \`enforce\` (the default), \`report\` (admit, count and log) or \`off\`.
`

/** docs/reasons.md: the closed table, stage by stage. */
export function reasonsPage(): string {
  const parts = stages.map((stage) => {
    const codes = reasonCodes.filter((code) => reasons[code].stage === stage)
    return `## Stage \`${stage}\`\n\n${table(codes.map((code) => [code, reasons[code]]))}`
  })
  return `${intro}\n${parts.join('\n\n')}\n`
}

function table(entries: readonly (readonly [string, Reason])[]): string {
  return markdownTable(
    ['Code', 'Meaning', 'What to do', 'The peer sees', 'Security event', 'Switchable', 'Requirements'],
    entries.map(([code, reason]) => [
      `\`${code}\``,
      reason.meaning,
      reason.hint,
      peerWords(reason.peer),
      reason.event ?? '',
      reason.fixed ? '' : 'yes',
      reason.requirements.join(', '),
    ]),
  )
}

function peerWords(view: PeerView): string {
  switch (view.kind) {
    case 'reset':
      return 'the connection ends'
    case 'tls-alert':
      return `TLS alert ${view.alert}`
    case 'close-before-http':
      return 'the connection ends after the TLS handshake'
    case 'http':
      return `HTTP ${view.status}`
    case 'websocket':
      return `WebSocket close ${view.code}`
  }
}
