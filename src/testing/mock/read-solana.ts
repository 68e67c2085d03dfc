import { sha256Hex } from '../../lib/sha256.js'
import { decodeBytes } from '../../lib/base64.js'
import { pinnedAssets } from '../../assets/pinned.js'
import { tokenAccountOf, tokenProgramOf } from '../../solana/address.js'
import { readMessage, readTransaction } from '../../solana/read-message.js'
import { isSignedBy } from '../../solana/verify.js'
import type { Entry } from '../server/wire.js'
import type { ReadPayload } from './book.js'

const transferChecked = 12
/** How long a blockhash lives, in seconds: 150 blocks of 400 ms. */
const lifeSeconds = 60

/** Reads the transfer of a transaction that its payer has signed and whose fee somebody else pays. */
export function readSolana({ transaction }: Entry, offer: Entry, now: number): ReadPayload | undefined {
  const asset = pinnedAssets().find(
    ({ network, address }) => network === offer['network'] && address === offer['asset'],
  )
  const bytes = typeof transaction === 'string' ? decodeBytes(transaction) : undefined
  if (!asset || !bytes) return undefined
  try {
    const { signatures, message } = readTransaction(bytes)
    const { instructions, keys } = readMessage(message)
    const transfers = instructions.filter(({ program }) => program === tokenProgramOf(asset))
    const [transfer] = transfers
    const [source, mint, destination, payer] = transfer?.accounts ?? []
    if (!transfer || transfers.length > 1 || transfer.data[0] !== transferChecked || !payer) return undefined
    const payTo = String(offer['payTo'])
    const isToPayee = destination === tokenAccountOf(payTo, asset)
    const signature = signatures[keys.indexOf(payer)]
    const isOurs = mint === asset.address && source === tokenAccountOf(payer, asset)
    return {
      network: asset.network,
      asset: asset.address,
      payer,
      payTo: isToPayee ? payTo : String(destination),
      amount: readU64(transfer.data.subarray(1, 9)),
      nonce: sha256Hex(message),
      validAfter: 0,
      validBefore: Math.floor(now / 1000) + lifeSeconds,
      isSigned: isOurs && signature !== undefined && isSignedBy(message, signature, payer),
    }
  } catch {
    return undefined
  }
}

/** Low bytes first. */
function readU64(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) + BigInt(byte), 0n)
}
