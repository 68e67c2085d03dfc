import type { Mock402Protocol } from './messages.js'

/** How the money moves that a mock server takes. */
export type Mock402Method = 'eip3009' | 'permit2' | 'upto' | 'solana'

/** A signed payment that a mock server was sent. */
export type MockAuthorization = {
  readonly protocol: Mock402Protocol
  readonly method: Mock402Method
  /** CAIP-2. */
  readonly network: string
  readonly asset: string
  readonly payer: string
  readonly payTo: string
  /** What may be taken of it at most, in atomic units. */
  readonly amount: bigint
  /** What the chain takes once: a nonce, or the hash of a message. */
  readonly nonce: string
  /** Unix seconds. */
  readonly validAfter: number
  /** Unix seconds; on Solana the last second in which its blockhash lives, reckoned from when it came. */
  readonly validBefore: number
  /** Whether the payer has signed it, so that whoever has seen it can take the money. */
  readonly isSigned: boolean
  /** Where it came. */
  readonly url: string
}

/** What a payload says, read by hand: nothing here is shared with what signs. */
export type ReadPayload = Omit<MockAuthorization, 'protocol' | 'method' | 'url'>

/** Money that a mock server has taken. */
export type MockSettlement = {
  readonly authorization: MockAuthorization
  /** Atomic units. */
  readonly amount: bigint
  readonly transaction: string
}

/** What a mock server has been sent, and what it has taken. */
export type Book = {
  /** Each once, however often it came. */
  readonly authorizations: MockAuthorization[]
  readonly settlements: MockSettlement[]
  readonly note: (authorization: MockAuthorization) => MockAuthorization
  readonly settle: (authorization: MockAuthorization, amount: bigint) => MockSettlement
  readonly settlementOf: (authorization: MockAuthorization) => MockSettlement | undefined
  readonly reset: () => void
}

/** Creates an empty book. */
export function createBook(): Book {
  const authorizations: MockAuthorization[] = []
  const settlements: MockSettlement[] = []
  // Of two authorizations with the same nonce a chain takes one, whatever else they say.
  const isSame = (one: MockAuthorization, { network, payer, nonce }: MockAuthorization): boolean =>
    one.network === network && one.payer === payer && one.nonce === nonce
  const settlementOf: Book['settlementOf'] = (authorization) =>
    settlements.find((settlement) => isSame(settlement.authorization, authorization))
  return {
    authorizations,
    settlements,
    note: (authorization) => {
      const earlier = authorizations.find(
        (one) => isSame(one, authorization) && one.amount === authorization.amount && one.payTo === authorization.payTo,
      )
      if (!earlier) authorizations.push(authorization)
      return earlier ?? authorization
    },
    settlementOf,
    settle: (authorization, amount) => {
      const settlement = Object.freeze({ authorization, amount, transaction: transactionOf(authorization) })
      settlements.push(settlement)
      return settlement
    },
    reset: () => {
      authorizations.length = 0
      settlements.length = 0
    },
  }
}

/** What could be taken at most: of those that a chain takes one of, the largest. */
export function exposedBy(authorizations: readonly MockAuthorization[]): bigint {
  const most = new Map<string, bigint>()
  for (const { isSigned, network, payer, nonce, amount } of authorizations) {
    const key = `${network} ${payer} ${nonce}`
    if (isSigned && amount > (most.get(key) ?? 0n)) most.set(key, amount)
  }
  return [...most.values()].reduce((sum, amount) => sum + amount, 0n)
}

function transactionOf({ nonce, network }: MockAuthorization): string {
  const digits = nonce.replace(/^0x/, '')
  return network.startsWith('eip155:') ? `0x${digits.padStart(64, '0')}` : digits
}
