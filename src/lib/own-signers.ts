/** Signers, by their identity, which nobody can copy. */
const own = new WeakSet<object>()

/** Marks a signer whose key and code are this package's own, in this process; only what holds keys calls it. */
export function markOwn<signer extends object>(signer: signer): signer {
  own.add(signer)
  return signer
}

/** Tells whether a signer is this package's own. */
export function isOwnSigner(signer: object): boolean {
  return own.has(signer)
}
