import { scryptAsync } from '@noble/hashes/scrypt'
import { loadBuiltin } from '../../lib/node-builtin.js'
import { ownBytes, wipe } from '../../lib/bytes.js'

/** What scrypt costs: 128·n·r bytes of memory, p times over. */
export type ScryptCost = { readonly n: number; readonly r: number; readonly p: number }

/** What files are written with: 128 MiB, the least that OWASP recommends. */
export const writtenCost: ScryptCost = { n: 2 ** 17, r: 8, p: 1 }

const maxBytes = 512 * 2 ** 20
const maxPasses = 8
/** 128·r·p bytes: what all passes keep beside the 512 MiB that one needs. */
const maxBlocks = 2 ** 20

/** Tells whether a stranger's parameters can be tried without running out of memory or time; asked before either is spent. */
export function isCheapEnough({ n, r, p }: ScryptCost): boolean {
  const isWhole = [n, r, p].every((value) => Number.isSafeInteger(value) && value > 0)
  const isPower = n > 1 && Number.isInteger(Math.log2(n))
  return isWhole && isPower && 128 * r * n <= maxBytes && p <= maxPasses && 128 * r * p <= maxBlocks
}

/** Tells whether parameters are no weaker than those that files are written with. */
export function isStrongEnough({ n, r, p }: ScryptCost): boolean {
  return n >= writtenCost.n && r >= writtenCost.r && p >= writtenCost.p
}

/**
 * Derives a key from a password, off the main thread. OpenSSL refuses n from 2^(16·r) on, as the definition does; files
 * with r=1 were written all the same, and take longer.
 */
export async function deriveByScrypt(
  password: Uint8Array,
  salt: Uint8Array,
  { n, r, p }: ScryptCost,
): Promise<Uint8Array<ArrayBuffer>> {
  if (n >= 2 ** (16 * r))
    return ownBytes(await scryptAsync(password, salt, { N: n, r, p, dkLen: 32, maxmem: maxBytes * 2 }))
  const { scrypt } = loadBuiltin('node:crypto')
  const maxmem = 128 * r * (n + p) + 2 ** 20
  const derived = await new Promise<Uint8Array>((resolve, reject) => {
    scrypt(password, salt, 32, { N: n, r, p, maxmem }, (error, key) => (error ? reject(error) : resolve(key)))
  })
  const own = ownBytes(derived)
  wipe(derived)
  return own
}
