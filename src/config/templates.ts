/** What a template may stand for: facts of the connection, filled in for each charge point. */
export const placeholders = [
  'identity',
  'serialNumber',
  'profile',
  'certificate',
  'remoteAddress',
  'listener',
] as const

export type Placeholder = (typeof placeholders)[number]

/** The problems of a template for a header value; empty when there are none. Never quotes the template. */
export function templateProblems(template: string): string[] {
  const problems: string[] = []
  // RFC 9110 5.5: other control characters are as dangerous as line breaks (CWE-93).
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(template)) {
    problems.push('must not hold line breaks or control characters')
  }
  const known: readonly string[] = placeholders
  for (const [, name = ''] of template.matchAll(/\{([^{}]*)\}/g)) {
    if (known.includes(name)) continue
    const shown = /^[A-Za-z]{1,30}$/.test(name) ? `{${name}}` : 'a text in { }'
    problems.push(
      `${shown} is no known placeholder; known are ${placeholders.map((one) => `{${one}}`).join(' ')}`,
    )
  }
  return problems
}
