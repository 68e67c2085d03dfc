/** How many must say the same, and what tells apart what they say. */
export type AgreeOptions<item> = { readonly quorum: number; readonly keyOf: (item: item) => string }

/**
 * Answers what a quorum says is there; nothing where neither those who say so nor those who do not are one. So one that
 * lies can neither make anything up nor hide it, it can only keep the others from agreeing.
 */
export function agreeOn<item>(
  heard: readonly (readonly item[])[],
  { quorum, keyOf }: AgreeOptions<item>,
): readonly item[] | undefined {
  if (heard.length < quorum) return undefined
  const said = new Map<string, { readonly item: item; count: number }>()
  for (const items of heard) {
    for (const [key, item] of new Map(items.map((one) => [keyOf(one), one]))) {
      const known = said.get(key) ?? { item, count: 0 }
      known.count += 1
      said.set(key, known)
    }
  }
  const all = [...said.values()]
  if (all.some(({ count }) => count < quorum && heard.length - count < quorum)) return undefined
  return all.flatMap(({ item, count }) => (count >= quorum ? [item] : []))
}
