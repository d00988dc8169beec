/** Names of environment variables to their values. */
export type Environment = Readonly<Record<string, string | undefined>>

export type Substitution =
  | { readonly ok: true; readonly text: string; readonly used: boolean }
  | { readonly ok: false; readonly problems: readonly string[] }

const maxSubstituted = 65_536
const reference = /\$\$\{|\$\{([^}]*)\}|\$\{/g
const inside = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/

/**
 * Puts environment variables into a text: `${NAME}`, `${NAME:-default}` (unset or empty), and `$${`
 * for a literal `${`. It works on the values that YAML already found, so that nothing in a variable
 * can become structure. Problems name the variable and never its value.
 */
export function substitute(text: string, env: Environment): Substitution {
  const problems: string[] = []
  let used = false
  const result = text.replace(reference, (whole, body: string | undefined) => {
    if (whole === '$${') return '${'
    const parts = body === undefined ? null : inside.exec(body)
    const name = parts?.[1]
    if (name === undefined) {
      problems.push(
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of the configuration
        '${…} must hold the name of an environment variable, or NAME:-default; write $${ for a literal ${',
      )
      return ''
    }
    used = true
    const value = Object.hasOwn(env, name) ? env[name] : undefined
    const fallback = parts?.[2]
    if (fallback !== undefined && (value === undefined || value === '')) return fallback
    if (value === undefined) problems.push(`the environment variable ${name.slice(0, 64)} is not set`)
    return value ?? ''
  })
  if (result.length > maxSubstituted) problems.push('is too long after environment variables were put in')
  return problems.length > 0 ? { ok: false, problems } : { ok: true, text: result, used }
}
