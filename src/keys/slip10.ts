import { hmac } from '@noble/hashes/hmac'
import { sha512 } from '@noble/hashes/sha2'
import { utf8ToBytes } from '@noble/hashes/utils'
import { joinBytes, ownBytes, wipe } from '../lib/bytes.js'

const hardened = 0x8000_0000

/** Derives an ed25519 seed from a master seed along a path whose every step is hardened (SLIP-0010). */
export function deriveSeed(master: Uint8Array, steps: readonly number[]): Uint8Array<ArrayBuffer> {
  let node = hmac(sha512, utf8ToBytes('ed25519 seed'), master)
  for (const step of steps) {
    const index = new Uint8Array(4)
    new DataView(index.buffer).setUint32(0, hardened + step)
    const data = joinBytes(Uint8Array.of(0), node.subarray(0, 32), index)
    const child = hmac(sha512, node.subarray(32), data)
    wipe(node, data)
    node = child
  }
  const seed = ownBytes(node.subarray(0, 32))
  wipe(node)
  return seed
}
