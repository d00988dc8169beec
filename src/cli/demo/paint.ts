import { styleText } from 'node:util'

export type Colour = 'green' | 'red' | 'yellow' | 'dim' | 'bold'

/** Colours a text, or leaves it. */
export type Paint = (colour: Colour, text: string) => string

/** Colours are for terminals only, and not for who sets NO_COLOR to anything. */
export function createPaint(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): Paint {
  const wanted = isTerminal && (env.NO_COLOR ?? '') === ''
  return (colour, text) => (wanted ? styleText(colour, text, { validateStream: false }) : text)
}
