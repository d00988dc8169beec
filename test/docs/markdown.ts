import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the tests of the documents read: Markdown as far as these documents use it. */

export const root = join(import.meta.dirname, '..', '..')

export interface Document {
  /** Relative to the root of the project. */
  readonly path: string
  readonly text: string
}

export interface Block {
  readonly language: string
  readonly text: string
  /** Of its first line in the document. */
  readonly line: number
}

/** Everything that is written for people, generated pages included. */
export function documents(): readonly Document[] {
  const paths = globSync(['*.md', '{docs,examples,bench,helm}/**/*.md'], { cwd: root }).toSorted()
  return paths.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

const fence = /^( *)```([a-z]*)\n([\s\S]*?)^\1```$/gm

/** Fenced blocks, without the indent of a list that they are in. */
export function blocksOf(text: string): readonly Block[] {
  return [...text.matchAll(fence)].map((match) => {
    const [, indent = '', language = '', body = ''] = match
    const line = text.slice(0, match.index).split('\n').length + 1
    return { language, line, text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), '') }
  })
}

/** Code inside a line, with the number of that line. A span may go over the end of a line. */
export function spansOf(text: string): readonly { readonly code: string; readonly line: number }[] {
  const prose = text.replaceAll(fence, (block) => block.replaceAll(/[^\n]/g, ' '))
  return [...prose.matchAll(/`([^`]+)`/g)].map((match) => ({
    code: (match[1] ?? '').replaceAll(/\s*\n\s*/g, ' '),
    line: prose.slice(0, match.index).split('\n').length,
  }))
}

/** Names of headings, as GitHub makes them. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const prose = text.replaceAll(fence, '')
  const seen = new Map<string, number>()
  const anchors = [...prose.matchAll(/^#{1,6} +(.+)$/gm)].map(([, title = '']) => {
    const name = title
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-')
    const count = seen.get(name) ?? 0
    seen.set(name, count + 1)
    return count === 0 ? name : `${name}-${count}`
  })
  return new Set(anchors)
}
