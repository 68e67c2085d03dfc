/** Signers, and what signs for them, by their identity, which nobody can copy. */
const own = new WeakSet<object>()

/** Marks what signs by this package's own code, in this process; only what holds keys, or makes such code, calls it. */
export function markOwn<marked extends object>(marked: marked): marked {
  own.add(marked)
  return marked
}

/** Tells whether something signs by this package's own code. */
export function isOwn(marked: object): boolean {
  return own.has(marked)
}
