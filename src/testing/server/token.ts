import { keccak_256 } from '@noble/hashes/sha3'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils'
import type { Hex } from '../../types.js'
import { codesOf, type SignedTransfer } from './verify.js'

/** A payment that a paid resource has verified. */
export type VerifiedPayment = {
  readonly from: Hex
  readonly to: Hex
  /** Atomic units. */
  readonly value: bigint
  readonly nonce: Hex
  /** Unix seconds. */
  readonly validAfter: number
  /** Unix seconds. */
  readonly validBefore: number
  /** The hash of the transaction that settles it, made from its payer and nonce. */
  readonly transaction: Hex
  /** Whether the money was taken; a fault can leave it untaken. */
  readonly settled: boolean
}

/** Plays the token contract: it takes each nonce of a payer once, and no more than the payer has. */
export type TestToken = {
  /** Verified payments, each once, in the order in which they came. */
  readonly payments: readonly VerifiedPayment[]
  /** Notes a payment and, unless told otherwise, takes the money; answers an error code when it cannot. */
  readonly take: (transfer: SignedTransfer, settles: boolean) => VerifiedPayment | { readonly error: string }
  readonly reset: () => void
}

type TestTokenOptions = {
  readonly version: 1 | 2
  readonly idempotent: boolean
  readonly balances: Readonly<Record<string, bigint>> | undefined
}

/** Creates a token that has taken nothing yet. It never waits: of two copies of a payment that come at once, one is taken. */
export function createTestToken({ version, idempotent, balances }: TestTokenOptions): TestToken {
  const payments: VerifiedPayment[] = []
  const places = new Map<string, number>()
  const settled = new Map<string, Hex>()
  const spent = new Map<Hex, bigint>()
  const codes = codesOf(version)

  const note = (key: string, payment: VerifiedPayment): VerifiedPayment => {
    const place = places.get(key) ?? payments.length
    places.set(key, place)
    payments[place] = payment
    return payment
  }
  const funds = new Map(Object.entries(balances ?? {}).map(([address, balance]) => [address.toLowerCase(), balance]))
  const canPay = ({ from, value }: SignedTransfer): boolean =>
    balances === undefined || (spent.get(from) ?? 0n) + value <= (funds.get(from.toLowerCase()) ?? 0n)

  return {
    payments,
    take: (transfer, settles) => {
      const key = `${transfer.from}/${transfer.nonce}`
      const earlier = settled.get(key)
      const same = earlier === transfer.signature ? payments[places.get(key) ?? -1] : undefined
      if (earlier !== undefined) return idempotent && same ? same : { error: codes.nonce }
      if (!canPay(transfer)) return { error: codes.balance }
      if (!settles) return note(key, describe(transfer, false))
      settled.set(key, transfer.signature)
      spent.set(transfer.from, (spent.get(transfer.from) ?? 0n) + transfer.value)
      return note(key, describe(transfer, true))
    },
    reset: () => {
      payments.length = 0
      for (const map of [places, settled, spent]) map.clear()
    },
  }
}

function describe(transfer: SignedTransfer, settled: boolean): VerifiedPayment {
  const { from, to, value, nonce } = transfer
  const validAfter = Number(transfer.validAfter)
  const validBefore = Number(transfer.validBefore)
  const transaction: Hex = `0x${bytesToHex(keccak_256(utf8ToBytes(`${from}/${nonce}`)))}`
  return Object.freeze({ from, to, value, nonce, validAfter, validBefore, transaction, settled })
}
