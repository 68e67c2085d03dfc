/**
 * What a reader does not see and a model does: controls, marks that reorder or hide text, tags, selectors of variants,
 * private use and halves of characters. Line ends and tabs stay.
 */
const unseen = /[^\P{Cc}\n\t]|\p{Cf}|\p{Co}|\p{Cs}|\p{Default_Ignorable_Code_Point}|\p{Zl}|\p{Zp}/gu

/** Makes text fit to be read by a model: nothing in it that cannot be seen, and no more of it than a number of characters. */
export function plain(text: string, most: number): string {
  const seen = text.replace(unseen, '')
  if (seen.length <= most) return seen
  const end = /[\ud800-\udbff]/.test(seen.charAt(most - 1)) ? most - 1 : most
  return seen.slice(0, end)
}
