import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allCommands } from '../../src/cli/program.ts'
import { commandProblems, wordsOf } from './command-line.ts'
import { blocksOf, documents, spansOf } from './markdown.ts'

const commands = await allCommands()
const program = 'ocpp-security-proxy'

/** The words behind the name of the program, or null where a line does something else. */
function invocation(line: string): string[] | null {
  const words = wordsOf(line)
  const at = words.indexOf(program)
  // kubectl exec deploy/NAME -c ocpp-security-proxy -- ocpp-security-proxy …
  const last = words.lastIndexOf(program)
  if (at === 0 || (last > 0 && /^(?:docker|kubectl|sudo)$/.test(words[0] ?? ''))) {
    return words.slice(last + 1).length === 0 ? null : words.slice(last + 1)
  }
  const known = commands.find((one) => one.name() === words[0])
  const isCommand = known !== undefined && known.commands.length > 0 && /^[a-z|-]+$/.test(words[1] ?? '')
  return isCommand ? words : null
}

function problemsOf(text: string): string[] {
  const inBlocks = blocksOf(text)
    .filter(({ language }) => language === 'sh' || language === '')
    .flatMap((block) => {
      const lines = block.text.replaceAll(/ *\\\n */g, (cut) => ` ${' '.repeat(cut.length - 2)}`).split('\n')
      return lines.map((code, index) => ({ code, line: block.line + index, isWhole: true }))
    })
  const inProse = spansOf(text).map((span) => ({ ...span, isWhole: false }))
  return [...inBlocks, ...inProse].flatMap(({ code, line, isWhole }) => {
    const words = invocation(code)
    if (words === null) return []
    return commandProblems(commands, words, isWhole).map((problem) => `${line}: ${problem}`)
  })
}

test('every command line in the documents names commands and options that exist', () => {
  const found = documents().flatMap(({ path, text }) => problemsOf(text).map((one) => `${path}:${one}`))
  assert.deepEqual(found, [])
})

test('a command or option that does not exist is found, and so is an argument too few', () => {
  const lines = [
    `${program} charge-points frobnicate CP-1`,
    `${program} charge-points show --all-of-it CP-1`,
    `${program} charge-points show   # which one?`,
    'charge-points show CP-1 | grep serial',
    `${program} campaign create upgrade-profile \\`,
    '  --too 2 --all',
  ]
  const text = `Text \`charge-points shwo CP-1\`, \`charge-points add --serial\`.\n\`\`\`sh\n${lines.join('\n')}\n\`\`\`\n`
  assert.deepEqual(problemsOf(text), [
    '3: charge-points there is no command frobnicate',
    '4: charge-points show: there is no option --all-of-it',
    '5: charge-points show: 0 arguments',
    '7: campaign create: there is no option --too',
    '1: charge-points there is no command shwo',
  ])
})
