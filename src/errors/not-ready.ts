import { formatUnits } from '../lib/format-amount.js'
import type { Asset, Network, Offer } from '../types.js'
import { StipendError } from './base.js'

/** Thrown when our clock and the server's differ too much to sign a time window; fix the clock. */
export class ClockSkewError extends StipendError {
  readonly name = 'ClockSkewError'
  readonly code = 'clock_skewed'
  /** Milliseconds that the server is ahead of us. */
  readonly skewMs: number

  constructor(skewMs: number) {
    super(`Clock differs from the server's by ${Math.round(Math.abs(skewMs) / 1000)} s; nothing was signed`, {
      details: ['Correct the clock of this machine, or ask the server to correct its own.'],
    })
    this.skewMs = skewMs
  }
}

/** Thrown when our clock is ahead of the time that has passed; set it right, or confirm it with `wallet.confirmClock()`. */
export class ClockJumpedError extends StipendError {
  readonly name = 'ClockJumpedError'
  readonly code = 'clock_jumped'
  override readonly retryable = true
  /** Milliseconds that the clock is ahead of the time that has passed; less than 0 where it is behind the ledger's. */
  readonly aheadMs: number

  constructor(aheadMs: number, of: 'clock' | 'ledger' = 'clock') {
    const seconds = Math.round(Math.abs(aheadMs) / 1000)
    const where = `${seconds} s ${aheadMs < 0 ? 'behind' : 'ahead of'}`
    if (of === 'ledger') {
      super(`Clock is ${where} the time of the ledger; nothing was signed`, {
        details: [
          "Set this clock right. If it is the ledger's time that is wrong, its owner puts it right with wallet.setLedgerTime().",
        ],
      })
    } else {
      super(`Clock is ${where} the time that has passed; nothing was signed`, {
        details: [
          'It was set forward, or the machine slept: limits over time stand still until that is confirmed.',
          'A chain confirms it at wallet.reconcile(), or the owner with wallet.confirmClock().',
        ],
      })
    }
    this.aheadMs = aheadMs
  }
}

/** Thrown when the ledger cannot record; without a record nothing is signed. */
export class LedgerUnavailableError extends StipendError {
  readonly name = 'LedgerUnavailableError'
  readonly code = 'ledger_unavailable'
  override readonly retryable = true

  constructor(cause: unknown) {
    super('Ledger is not available; nothing was signed', { cause })
  }
}

/** Thrown when a key store is locked, or stays so because the password is wrong; unlock it, then try again. */
export class KeyStoreLockedError extends StipendError {
  readonly name = 'KeyStoreLockedError'
  readonly code = 'key_store_locked'
  override readonly retryable = true

  constructor(reason: string) {
    super(`Key store is locked: ${reason}; nothing was signed`)
  }
}

/** Thrown when a chain, or a Lightning wallet, has to be asked first and does not answer; try again later, or configure other nodes. */
export class ChainUnavailableError extends StipendError {
  readonly name = 'ChainUnavailableError'
  readonly code = 'chain_unavailable'
  override readonly retryable = true

  constructor(reason: string, options: { readonly cause?: unknown; readonly details?: readonly string[] } = {}) {
    super(`Chain is not available: ${reason}; nothing was signed`, options)
  }
}

/** What an address holds too little of. */
export type Shortage = {
  readonly network: Network
  /** The wallet's own, to which money has to be sent. */
  readonly address: string
  readonly asset: Pick<Asset, 'symbol' | 'decimals'> & { readonly address?: string | undefined }
  /** In atomic units, as the chain says. */
  readonly held: bigint
  /** In atomic units. */
  readonly needed: bigint
  /** What it is needed for, where that is not the payment itself. */
  readonly use?: 'gas' | undefined
}

/** Thrown when a chain says that the wallet holds less than is needed; send more to its address, then call again. */
export class InsufficientFundsError extends StipendError {
  readonly name = 'InsufficientFundsError'
  readonly code = 'insufficient_funds'
  override readonly retryable = true
  readonly shortage: Shortage
  /** What would have been paid; nothing for a transfer's gas. */
  readonly offer: Offer | undefined

  constructor(shortage: Shortage, offer?: Offer) {
    super(`Wallet holds too little ${shortage.asset.symbol}; nothing was signed`, {
      details: [describeShortage(shortage), describeFunding(shortage)],
    })
    this.shortage = shortage
    this.offer = offer
  }
}

/** Thrown when the payee has no account that could take the token; the payee has to create one. */
export class PayeeAccountMissingError extends StipendError {
  readonly name = 'PayeeAccountMissingError'
  readonly code = 'payee_account_missing'
  override readonly retryable = true
  readonly offer: Offer
  /** The address at which the account would be. */
  readonly account: string

  constructor(offer: Offer, account: string) {
    super('Payee has no account for the token; nothing was signed', {
      details: [
        `${offer.payTo} holds no ${offer.asset.symbol} on ${offer.network}: its account would be ${account}`,
        'The payee has to create it; this wallet pays no rent for others.',
      ],
    })
    this.offer = offer
    this.account = account
  }
}

/** Says what is there, and what is needed. */
export function describeShortage({ address, network, asset, held, needed, use }: Shortage): string {
  const why = use ? ' for the transfer and its gas, which the wallet pays itself' : ''
  return `${address} on ${network} holds ${formatUnits(held, asset)}, and ${formatUnits(needed, asset)} is needed${why}`
}

function describeFunding({ address, network, asset, held, needed }: Shortage): string {
  const token = asset.address === undefined ? '' : ` (${asset.address})`
  return `Send at least ${formatUnits(needed - held, asset)}${token} on ${network} to ${address}, then call again.`
}
