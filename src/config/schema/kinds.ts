import { Type } from 'typebox'

/**
 * The kinds of text in a configuration file that mean more than text. Each is a plain string in the
 * file and in config/schema.json (`x-kind` says which), and is turned into its value when loaded.
 */
export type Kind =
  | 'duration'
  | 'size'
  | 'address'
  | 'file'
  | 'file-or-url'
  | 'secret-file'
  | 'data-file'
  | 'network'
  | 'url'

declare const kindOf: unique symbol

/** A text that stands for a value of the kind; exists only as a type. */
export type Kinded<K extends Kind> = string & { readonly [kindOf]: K }

export interface Address {
  readonly host: string
  readonly port: number
}

/** What a value of the file is after loading: the type of `Config` is made from the schema with it. */
export type Loaded<T> =
  T extends Kinded<'duration' | 'size'>
    ? number
    : T extends Kinded<'address'>
      ? Address
      : T extends string
        ? T extends Kinded<Kind>
          ? string
          : T
        : T extends readonly (infer Item)[]
          ? readonly Loaded<Item>[]
          : T extends object
            ? { readonly [Key in keyof T]: Loaded<T[Key]> }
            : T

/** What every key says about itself: for editors, docs/configuration.md and the reload. */
export interface About {
  readonly description: string
  /** As it is written in a file. A key with a default may be left out. */
  readonly default?: unknown
  /** A change takes effect only after a restart. */
  readonly restart?: true
  /** Ids of the white paper or of other rules that the key answers. */
  readonly requirements?: readonly string[]
}

/** `About` as keywords of JSON Schema. */
export function about({ restart, requirements, ...rest }: About): Record<string, unknown> {
  return {
    ...rest,
    ...(restart ? { 'x-restart': true } : {}),
    ...(requirements ? { 'x-requirements': requirements } : {}),
  }
}

/** Bounds in milliseconds; setTimeout takes no more than 2^31 - 1 (24 days). */
export function duration(options: About & { minimum?: number; maximum?: number }) {
  const { minimum = 1, maximum = 86_400_000, ...rest } = options
  return Type.Unsafe<Kinded<'duration'>>({
    type: 'string',
    pattern: '^[0-9]{1,9}(ms|s|m|h|d)$',
    'x-kind': 'duration',
    'x-minimum': minimum,
    'x-maximum': maximum,
    ...about(rest),
  })
}

/** Bounds in bytes. */
export function size(options: About & { minimum: number; maximum: number }) {
  const { minimum, maximum, ...rest } = options
  return Type.Unsafe<Kinded<'size'>>({
    type: ['integer', 'string'],
    pattern: '^[0-9]{1,9}(KiB|MiB)?$',
    'x-kind': 'size',
    'x-minimum': minimum,
    'x-maximum': maximum,
    ...about(rest),
  })
}

function text<K extends Kind>(kind: K, options: About, pattern?: string) {
  return Type.Unsafe<Kinded<K>>({
    type: 'string',
    minLength: 1,
    maxLength: 4096,
    ...(pattern === undefined ? {} : { pattern }),
    'x-kind': kind,
    ...about(options),
  })
}

export const address = (options: About) =>
  text('address', options, '^(\\[[^\\]]+\\]|[^:\\[\\]]+):[0-9]{1,5}$')
/** A file that is read: relative to the configuration file, and watched. */
export const file = (options: About) => text('file', options)
/** The same, or an http(s) URL, which stays as it is. */
export const fileOrUrl = (options: About) => text('file-or-url', options)
/** A file whose content is a secret: read when loading, never shown. */
export const secretFile = (options: About) => text('secret-file', options)
/** A file that is written. */
export const dataFile = (options: About) => text('data-file', options)
export const network = (options: About) => text('network', options, '^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$')
export const url = (options: About) => text('url', options)

/** One of a closed list of texts or numbers. */
export function choice<const T extends readonly (string | number)[]>(values: T, options: About) {
  return Type.Unsafe<T[number]>({ enum: [...values], ...about(options) })
}

export const integer = (options: About & { minimum: number; maximum: number }) => {
  const { minimum, maximum, ...rest } = options
  return Type.Integer({ minimum, maximum, ...about(rest) })
}

export const flag = (options: About) => Type.Boolean(about(options))
