import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

function cli(...words: string[]) {
  return spawnSync(process.execPath, [main, ...words], { encoding: 'utf8' })
}

test('--help names every command, and each explains itself', () => {
  const all = cli('--help')
  assert.equal(all.status, 0)
  const names = [...all.stdout.matchAll(/^ {2}([a-z-]+)\b(?! \[command\])/gm)].map(([, name]) => name ?? '')
  for (const name of ['serve', 'check', 'pki', 'charge-points', 'certificates', 'campaign', 'simulate']) {
    assert.ok(names.includes(name), `${name} is among ${names}`)
  }
  const one = cli('help', 'check')
  assert.equal(one.status, 0)
  assert.match(one.stdout, /^Usage: ocpp-security-proxy check/)
})

test('a command that is none is named with the one that was meant, and ends with 2', () => {
  const { status, stderr } = cli('chek')
  assert.equal(status, 2)
  assert.match(stderr, /unknown command 'chek'\n\(Did you mean check\?\)/)
})

test('an option that is none ends with 2, also below', () => {
  for (const words of [['--nonsense'], ['check', '--nonsense'], ['campaign', 'list', '--nonsense']]) {
    assert.equal(cli(...words).status, 2, words.join(' '))
  }
})
