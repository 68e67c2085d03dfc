import { ConfigurationError } from '../errors.js'

/** The names of all options of a type, which the compiler holds complete. */
export type OptionNames<options> = { readonly [name in keyof options]-?: true }

/**
 * Refuses options that are not there: a misspelt limit would be no limit.
 *
 * @throws ConfigurationError naming the option, and the one that it may be meant to be.
 */
export function refuseUnknown<options extends object>(
  reader: string,
  options: options | null | undefined,
  names: OptionNames<options>,
): void {
  if (options === undefined) return
  if (typeof options !== 'object' || options === null) {
    throw new ConfigurationError(`Failed to read ${reader}: expected options`)
  }
  const unknown = Object.keys(options).find((key) => !Object.hasOwn(names, key))
  if (unknown !== undefined) throw unknownOption(reader, unknown, Object.keys(names))
}

/**
 * The same, of options that cannot be left out.
 *
 * @throws ConfigurationError naming them where there are none.
 */
export function requireOptions<options extends object>(
  reader: string,
  options: options,
  names: OptionNames<options>,
): void {
  const given: unknown = options
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new ConfigurationError(`Failed to read ${reader}: expected an object with its options`, {
      details: [`It has ${Object.keys(names).join(', ')}.`],
    })
  }
  refuseUnknown(reader, options, names)
}

/**
 * Refuses a name that is almost one of ours, among options of others that are not ours to know.
 *
 * @throws ConfigurationError naming both.
 */
export function refuseMisspelt(reader: string, options: object | undefined, name: string): void {
  const found = Object.keys(options ?? {}).find((key) => key !== name && isClose(key, name))
  if (found !== undefined) throw unknownOption(reader, found, [name])
}

/** Says that there is no such option. */
export function unknownOption(reader: string, unknown: string, known: readonly string[]): ConfigurationError {
  const shown = /^[\w.-]{1,64}$/.test(unknown) ? unknown : 'of that name'
  const close = known.filter((name) => isClose(unknown, name))
  const [nearest] = close.toSorted((one, other) => distance(unknown, one) - distance(unknown, other))
  return new ConfigurationError(`Failed to read ${reader}: it has no option ${shown}`, {
    details: [nearest === undefined ? `It has ${known.join(', ')}.` : `Did you mean ${nearest}?`],
  })
}

/** Tells whether one name was typed for another: up to a third of it is changed, or it has the other's case. */
function isClose(typed: string, name: string): boolean {
  return (
    typed.length <= 64 && distance(typed.toLowerCase(), name.toLowerCase()) <= Math.max(1, Math.floor(name.length / 3))
  )
}

/** How many letters have to be put in, taken out or changed (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [place, letter] of [...one].entries()) {
    const next = [place + 1]
    for (const [index, otherLetter] of [...other].entries()) {
      const changed = (row[index] ?? 0) + Number(letter !== otherLetter)
      next.push(Math.min(changed, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
