import { base58 } from '@scure/base'
import * as z from 'zod/mini'
import { sha256Hex } from '../lib/sha256.js'
import type { Node } from './rpc.js'
import { readSigned } from './signed.js'
import type { OutgoingSearch } from '../ports/chain.js'

/** What left one token account in one transaction. */
export type Movement = {
  readonly transaction: string
  readonly asset: string
  /** The account's place in the transaction. */
  readonly index: number
  /** Whose accounts have more of the token since; empty where nobody's have. */
  readonly to: string
  readonly amount: bigint
  /** Absent where the transaction is none that a payment can be. */
  readonly messageHash: string | undefined
}

const key = z.string().check(z.maxLength(64))
const balances = z
  .array(
    z.object({
      accountIndex: z.int().check(z.nonnegative()),
      mint: key,
      owner: key,
      uiTokenAmount: z.object({ amount: z.string().check(z.regex(/^\d{1,20}$/)) }),
    }),
  )
  .check(z.maxLength(1024))
const shape = z.object({
  meta: z.object({ preTokenBalances: balances, postTokenBalances: balances }),
  transaction: z.tuple([z.string().check(z.maxLength(8192)), z.literal('base64')]),
})

/**
 * Reads what left the token accounts of an owner in one transaction, by what their balances were before and after: an
 * account that is another's afterwards has lost all that it held.
 */
export async function readMovements(
  node: Node,
  { signature }: { readonly signature: string },
  { account, assets }: OutgoingSearch,
): Promise<readonly Movement[]> {
  const config = { commitment: 'finalized', encoding: 'base64', maxSupportedTransactionVersion: 0 }
  const { meta, transaction } = await node.ask('getTransaction', [signature, config], shape)
  const changes = changesOf(meta)
  const isWatched = (mint: string): boolean => assets.some(({ address }) => address === mint)
  return changes
    .filter(({ owner, mint, change }) => owner === account && change < 0n && isWatched(mint))
    .map(({ mint, index, change }) => ({
      transaction: signature,
      asset: mint,
      index,
      to: [...new Set(changes.flatMap((one) => (one.mint === mint && one.change > 0n ? [one.owner] : [])))].join(' '),
      amount: -change,
      messageHash: hashOf(transaction[0], signature),
    }))
}

type Change = { readonly index: number; readonly mint: string; readonly owner: string; readonly change: bigint }

function changesOf({ preTokenBalances, postTokenBalances }: z.output<typeof shape>['meta']): readonly Change[] {
  const changes = new Map<string, Change>()
  const add = (
    { accountIndex: index, mint, owner, uiTokenAmount }: z.output<typeof balances>[number],
    sign: bigint,
  ) => {
    const place = [index, mint, owner].join(' ')
    const { change } = changes.get(place) ?? { change: 0n }
    changes.set(place, { index, mint, owner, change: change + sign * BigInt(uiTokenAmount.amount) })
  }
  for (const balance of preTokenBalances) add(balance, -1n)
  for (const balance of postTokenBalances) add(balance, 1n)
  return [...changes.values()]
}

/** Names the message, where the bytes are of the transaction that was asked for. */
function hashOf(encoded: string, name: string): string | undefined {
  const { signatures = [], message } = readSigned(encoded) ?? {}
  return message && signatures[0] && base58.encode(signatures[0]) === name ? sha256Hex(message) : undefined
}
