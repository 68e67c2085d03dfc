import { decodeAddress, encodeQuantity, encodeWord, events, isHex } from '../abi.js'
import type { Range, Rpc } from '../blocks.js'
import { readLogs, readTopics } from '../rpc.js'

/** Holds what the receiver's own policy does not take: the transfer succeeds, and names neither its payee nor its memo (TIP-1028). */
export const receiveGuard = '0xb10c000000000000000000000000000000000000'

/** A transfer that is held back for whoever may claim it, which can be the payee. */
export type HeldTransfer = {
  readonly transaction: unknown
  /** The log's place in its block, right behind that of the transfer. */
  readonly index: number
  readonly token: string
  readonly from: string
  /** Who it was for. */
  readonly to: string
  readonly amount: bigint
  readonly memo: string
}

/** The words of `TransferBlocked` that are read: how much, whose money, whom it was for, and the memo; of so many in all. */
const places = { amount: 0, originator: 7, recipient: 8, memo: 13, length: 14 } as const

/** Reads a log of the guard; nothing where it is another. */
export function readHeld(log: unknown): HeldTransfer | undefined {
  const { asset, topics, data, transaction } = readTopics(log)
  const [event, token] = topics
  if (asset !== receiveGuard || event !== events.transferBlocked || !isHex(token, 32)) return undefined
  if (!isHex(data, places.length * 32)) return undefined
  const word = (place: number) => `0x${data.slice(2 + place * 64, 66 + place * 64).toLowerCase()}`
  return {
    transaction,
    index: Number(BigInt(Object(log).logIndex)),
    token: decodeAddress(token),
    from: decodeAddress(word(places.originator)),
    to: decodeAddress(word(places.recipient)),
    amount: BigInt(word(places.amount)),
    memo: word(places.memo),
  }
}

/** Lists what was held back of a token in some blocks. */
export async function findHeld(client: Rpc, token: string, { first, last }: Range): Promise<readonly HeldTransfer[]> {
  const topics = [events.transferBlocked, encodeWord(token)]
  const range = { fromBlock: encodeQuantity(first), toBlock: encodeQuantity(last) }
  const logs = await readLogs(client, { address: receiveGuard, topics, ...range })
  return logs.flatMap((log) => readHeld(log) ?? [])
}
