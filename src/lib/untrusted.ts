/**
 * What a reader does not see and a model does: controls, marks that reorder or hide text, tags, selectors of variants,
 * private use and halves of characters. Line ends and tabs stay.
 */
const unseen = /[^\P{Cc}\n\t]|\p{Cf}|\p{Co}|\p{Cs}|\p{Default_Ignorable_Code_Point}|\p{Zl}|\p{Zp}/gu

/**
 * Makes a stranger's text fit for a field whose name begins with `untrusted`: nothing in it that cannot be seen, and no more
 * of it than a number of characters. It is still a stranger's: it never stands in a sentence of ours.
 */
export function plain(text: string, most: number): string {
  const seen = text.replace(unseen, '')
  if (seen.length <= most) return seen
  const end = /[\ud800-\udbff]/.test(seen.charAt(most - 1)) ? most - 1 : most
  return seen.slice(0, end)
}

const maxWordLength = 64

/** Reads what may be shown of a stranger's value in a field of its own: a short text on one line, or nothing. */
export function untrustedWord(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  return plain(value.slice(0, maxWordLength * 4), maxWordLength).replace(/\s+/g, ' ') || undefined
}

/**
 * What may stand in a sentence of ours although a server wrote it, since its form leaves no room for words: an address, or
 * a network by its number or its genesis hash. Anything else is called what it is.
 */
export function showId(value: unknown, otherwise: string): string {
  if (typeof value !== 'string') return otherwise
  return idShapes.some((shape) => shape.test(value)) ? value : otherwise
}

const idShapes = [
  /^0x[0-9a-fA-F]{40}$/,
  /^[1-9A-HJ-NP-Za-km-z]{32,44}$/,
  /^eip155:[1-9][0-9]{0,14}$/,
  /^solana:[1-9A-HJ-NP-Za-km-z]{32}$/,
]
