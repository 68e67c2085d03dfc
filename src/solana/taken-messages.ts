import type { Hex } from '../types.js'

type Use = { readonly nonce: Hex; readonly at: number }

/** The messages of this process that another purchase could ask for, whichever wallet signs them. */
const used = new Map<string, Use>()
/** Longer than a blockhash lives. */
const keptMs = 600_000

/** Takes a message for a purchase; answers whether another purchase was first. */
export function isTaken(hash: string, nonce: Hex, now: number): boolean {
  const use = used.get(hash)
  if (use) return use.nonce !== nonce
  for (const [other, { at }] of used) {
    if (now - at < keptMs) break
    used.delete(other)
  }
  used.set(hash, { nonce, at: now })
  return false
}
