import { keccak_256 } from '@noble/hashes/sha3'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils'
import * as z from 'zod/mini'
import type { Hex, OfferClaim } from '../../types.js'

const address = () => z.string().check(z.regex(/^0x[0-9a-fA-F]{40}$/))

const shape = z.object({
  amount: z.string().check(z.regex(/^[1-9][0-9]{0,77}$/)),
  currency: address(),
  recipient: address(),
  methodDetails: z.object({
    chainId: z.int().check(z.positive()),
    feePayer: z.optional(z.boolean()),
    memo: z.optional(z.unknown()),
    splits: z.optional(z.array(z.unknown())),
    supportedModes: z.optional(z.array(z.string())),
  }),
})

/** What of an offer only its method says. */
export type ReadMethod = Pick<OfferClaim, 'scheme' | 'network' | 'asset' | 'amount' | 'payTo' | 'extra'>

type Challenged = { readonly id: string; readonly realm: string }

/** Reads a request of `tempo/charge` for money, by a transfer that the server sends; or says why it cannot be paid. */
export function readTempoRequest(request: unknown, { id, realm }: Challenged): ReadMethod | string {
  const read = shape.safeParse(request)
  if (!read.success) return 'its request is not one of tempo/charge for money'
  const { amount, currency, recipient, methodDetails } = read.data
  const { chainId, feePayer = false, memo, splits = [], supportedModes = ['pull'] } = methodDetails
  if (splits.length > 0) return 'it asks for several payees, of which one transfer pays one'
  if (!supportedModes.includes('pull')) return 'it takes no transfer that its server sends'
  // By its memo a transfer is known to be that of this challenge, and of no other.
  if (memo !== undefined) return 'it asks for a memo of its own'
  return {
    scheme: 'charge',
    network: `eip155:${chainId}`,
    asset: currency,
    amount: BigInt(amount),
    payTo: recipient,
    extra: { feePayer, memo: memoOf({ id, realm }) },
  }
}

/** The memo by which servers know which challenge a transfer is for: who asked, no word of who pays, and the challenge. */
function memoOf({ id, realm }: Challenged): Hex {
  return `0x${hash('mpp', 4)}01${hash(realm, 10)}${'00'.repeat(10)}${hash(id, 7)}`
}

function hash(text: string, bytes: number): string {
  return bytesToHex(keccak_256(utf8ToBytes(text)).subarray(0, bytes))
}
