import { durationText } from '../../src/config/convert.ts'
import type { SchemaNode } from '../../src/config/schema/node.ts'
import { kindWords } from '../../src/config/schema-words.ts'
import { placeholders } from '../../src/config/templates.ts'
import { schemaRoot } from '../../src/config/validate.ts'
import { generatedNote, markdownTable } from './markdown.ts'

const intro = `# Configuration

${generatedNote}

YAML 1.2, in \`ocpp-security-proxy.yaml\` or the file of \`--config\`. \`ocpp-security-proxy check\` tells
everything that is wrong with it, with line and column; unknown keys are errors. Editors complete it
with [config/schema.json](../config/schema.json); [config/reference.yaml](../config/reference.yaml) shows every key.

- **Paths** are relative to the configuration file.
- **Durations** are written with their unit: 500ms, 10s, 2m, 1h, 90d. **Sizes** are bytes, or 16KiB, 1MiB.
- **Environment:** \`\${NAME}\` and \`\${NAME:-default}\` (when unset or empty) work in every value; \`$\${\` is a
  literal \`\${\`. A variable that is not set is an error. Inside \`{ }\` and \`[ ]\` put it in quotes.
- **Secrets** come from the environment or from files (\`…File\`, one line), never from the configuration itself.
- **Templates** (centralSystem.headers, authorization.username): ${placeholders.map((one) => `\`{${one}}\``).join(' ')}.
- **Reload:** on SIGHUP and when the configuration or a file that it names changes. "restart" marks the keys whose change waits for a restart.
`

/** docs/configuration.md: a table for each section. */
export function configurationPage(): string {
  return `${intro}\n${sections(schemaRoot, '', false).join('\n\n')}\n`
}

/** `restart`: a section around this one waits for a restart as a whole. */
function sections(node: SchemaNode, path: string, restart: boolean): string[] {
  const own = node.properties ? [section(node, path, restart)] : []
  const nested = Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const name = path === '' ? key : `${path}.${key}`
    const waits = restart || child['x-restart'] === true
    if (child.items?.properties)
      return sections({ ...child.items, description: child.description ?? '' }, `${name}[]`, waits)
    const branch = child.anyOf?.find((one) => one.properties)
    if (branch) return sections({ ...branch, description: `As a section: ${child.description}` }, name, waits)
    return child.properties ? sections(child, name, waits) : []
  })
  return [...own, ...nested]
}

function section(node: SchemaNode, path: string, restart: boolean): string {
  const rows = Object.entries(node.properties ?? {}).map(([key, child]) => [
    `\`${key}\``,
    typeWords(child),
    defaultWords(node, key, child),
    reloadWords(child, restart),
    child.description ?? '',
    (child['x-requirements'] ?? []).join(', '),
  ])
  const table = markdownTable(['Key', 'Type', 'Default', 'Reload', 'Meaning', 'Requirement'], rows)
  const title = path === '' ? '## Sections' : `## \`${path}\``
  return [title, ...(node.description ? [node.description] : []), table].join('\n\n')
}

function reloadWords(child: SchemaNode, restart: boolean): string {
  if (restart || child['x-restart']) return 'restart'
  return child.properties || child.items?.properties ? '' : 'live'
}

function typeWords(node: SchemaNode): string {
  if (node['x-expects']) return node['x-expects']
  if (node['x-kind']) return { ...kindWords, ...kindNames }[node['x-kind']] + bounds(node)
  if (node.enum) return node.enum.length > 5 ? 'one of the default' : node.enum.map(String).join(', ')
  if (node.items) return node.items.properties ? 'list of sections' : `list: ${typeWords(node.items)}`
  if (node.patternProperties) return 'texts by name'
  switch (node.type) {
    case 'object':
      return 'section'
    case 'integer':
      return `${node.minimum} to ${node.maximum}`
    case 'boolean':
      return 'true, false'
    default:
      return node['x-pattern-words'] ?? 'text'
  }
}

const kindNames = {
  duration: 'duration',
  size: 'size',
  file: 'path',
  'secret-file': 'path',
  'data-file': 'path',
} as const

function bounds(node: SchemaNode): string {
  if (node['x-maximum'] === undefined) return ''
  const text = node['x-kind'] === 'duration' ? durationText : String
  return `, ${text(node['x-minimum'] ?? 0)} to ${text(node['x-maximum'])}`
}

function defaultWords(parent: SchemaNode, key: string, child: SchemaNode): string {
  // The modes of checks are not filled in; what is not there is enforced.
  if (child.default === undefined && child.enum?.includes('enforce')) return '`enforce`'
  if (child.default === undefined) return parent.required?.includes(key) ? '**required**' : 'none'
  if (child.type === 'object' && !child.patternProperties) return ''
  if (Array.isArray(child.default))
    return child.default.length === 0 ? '`[]`' : `\`[${child.default.join(', ')}]\``
  return `\`${typeof child.default === 'object' ? '{}' : String(child.default)}\``
}
