import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkMessages } from '../../src/cli/check/messages.ts'
import { formatKey } from '../../src/config/problem.ts'
import { load, minimal, problemsOf } from '../config/support.ts'

function findings(lists: string) {
  const result = load(`${minimal}messages: { fromCentralSystem: { ${lists} } }`)
  assert.ok(result.ok, problemsOf(result).join('\n'))
  return checkMessages(result.config).map(({ level, path, text }) => `${level} ${formatKey(path)}: ${text}`)
}

test('[design 10] names of actions that mean nothing in the lists are warnings, not errors', () => {
  assert.deepEqual(findings('allow: [Reset, reset, StopTransaction], deny: [DataTransfer, X-Reboot]'), [
    'warning messages.fromCentralSystem.allow[1]: "reset" is no action of OCPP 1.6; did you mean Reset?',
    'warning messages.fromCentralSystem.allow[2]: StopTransaction is sent by charge points only; this list is for the central system',
    'warning messages.fromCentralSystem.deny[1]: "X-Reboot" is no action of OCPP 1.6',
  ])
  assert.deepEqual(findings('deny: []'), [])
})
