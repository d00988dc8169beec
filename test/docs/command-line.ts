import type { Command, Option } from 'commander'

/** Holds command lines against the commands, without running them. */

/** The words of a line as a shell makes them, up to a pipe, a redirection or a comment. */
export function wordsOf(line: string): string[] {
  const words: string[] = []
  for (const [word, , quoted] of line.matchAll(/((?:"([^"]*)"|'[^']*'|[^\s"'|<>&;#]|(?<=\S)#)+|[|<>&;#])/g)) {
    if (/^[|<>&;#]$/.test(word)) break
    words.push(quoted ?? word.replaceAll(/["']/g, ''))
  }
  return words
}

const isLeftOut = (word: string | undefined) => word === '…' || word === '...'

/**
 * What is wrong with the words behind the name of the program. `isWhole`: nothing is left out, as in a line to
 * copy; in the flow of a text `credentials set` is enough.
 */
export function commandProblems(
  commands: readonly Command[],
  words: readonly string[],
  isWhole: boolean,
): string[] {
  const [first = '', ...rest] = words
  if (isLeftOut(first)) return []
  // campaign create|list|show: each of them.
  if (first.includes('|'))
    return first.split('|').flatMap((one) => commandProblems(commands, [one, ...rest], isWhole))
  const command = commands.find((one) => one.name() === first || one.aliases().includes(first))
  if (command === undefined) return first.startsWith('-') ? [] : [`there is no command ${first}`]
  if (command.commands.length === 0) return argumentProblems(command, rest, isWhole)
  if (rest.length === 0) return isWhole ? [`${first}: which of its commands?`] : []
  return commandProblems(command.commands, rest, isWhole).map((problem) => `${first} ${problem}`)
}

function argumentProblems(command: Command, words: readonly string[], isWhole: boolean): string[] {
  const problems: string[] = []
  const given: Option[] = []
  let count = 0
  let leftOut = !isWhole
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    if (isLeftOut(word)) leftOut = true
    else if (word === '-' || !word.startsWith('-')) count++
    else {
      const [name = '', glued] = word.split('=')
      const option = command.options.find(({ long, short }) => name === long || name === short)
      if (option === undefined) {
        if (name !== '--help') problems.push(`${command.name()}: there is no option ${name}`)
        // Whether the next word is its value is not known.
        leftOut = true
        continue
      }
      given.push(option)
      if (!option.required && !option.optional) continue
      const value = glued ?? (option.required || !words[index + 1]?.startsWith('-') ? words[++index] : '')
      if (value === undefined && option.required && isWhole)
        problems.push(`${command.name()}: ${name} needs a value`)
      const choices = option.argChoices
      if (choices !== undefined && value !== undefined && !isLeftOut(value))
        for (const one of value.split(/[|,]/))
          if (!choices.includes(one)) problems.push(`${command.name()}: ${name} is not ${one}`)
    }
  }
  return leftOut ? problems : [...problems, ...missing(command, given, count)]
}

function missing(command: Command, given: readonly Option[], count: number): string[] {
  const { registeredArguments, options } = command
  const least = registeredArguments.filter(({ required }) => required).length
  const most = registeredArguments.some(({ variadic }) => variadic) ? Infinity : registeredArguments.length
  const mandatory = options.filter((option) => option.mandatory && option.defaultValue === undefined)
  return [
    ...(count < least || count > most ? [`${command.name()}: ${count} arguments`] : []),
    ...mandatory
      .filter((one) => !given.includes(one))
      .map(({ long }) => `${command.name()}: ${long} is missing`),
  ]
}
