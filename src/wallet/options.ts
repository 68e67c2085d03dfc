import { ConfigurationError } from '../errors.js'
import { memoryLedger } from '../ledger/memory.js'
import type { OptionNames } from '../lib/known-options.js'
import type { Refill } from '../actions/refill.js'
import type { Action } from '../ports/action.js'
import type { AssetInput } from '../assets/table.js'
import type { Attestations } from '../ports/attestations.js'
import type { Chain } from '../ports/chain.js'
import type { KeyStore, Signer } from '../ports/key-store.js'
import type { EvmSigner } from '../evm/signer.js'
import type { SolanaSigner } from '../solana/signer.js'
import type { Ledger } from '../ports/ledger.js'
import type { PaymentMethod } from '../ports/payment-method.js'
import type { PolicyEngine, Rule } from '../ports/policy.js'
import type { Protocol } from '../ports/protocol.js'
import type { Random } from '../lib/random.js'
import type { Scheme } from '../ports/scheme.js'
import type { SignInMethod } from '../ports/sign-in.js'
import type { Approval } from '../types.js'

/** What a wallet is made of; only the key store is required, and without a policy nothing is ever paid. */
export type AgentWalletOptions = {
  // The families we know are named for the types' sake: a signer of any other is as good.
  readonly keyStore: KeyStore<EvmSigner | SolanaSigner | Signer>
  /**
   * Rules, all of which must agree, or an engine of one's own.
   *
   * @default no rules, which deny everything
   */
  readonly policy?: readonly Rule[] | PolicyEngine | undefined
  /** @default memoryLedger() */
  readonly ledger?: Ledger | undefined
  /** @default [exactEvm()] */
  readonly schemes?: readonly Scheme[] | undefined
  /** @default [x402(), x402V1()] */
  readonly protocols?: readonly Protocol[] | undefined
  /**
   * Ways to pay that bring all they take, behind what the wallet has itself: `l402` of `stipend/l402`.
   *
   * @default none
   */
  readonly paymentMethods?: readonly PaymentMethod[] | undefined
  /**
   * What says, at `reconcile`, what became of payments; at most one of each network.
   *
   * @default none: what servers say is all there is, and everything counts as spent
   */
  readonly chains?: readonly Chain[] | undefined
  /**
   * Actions of the owner's own, besides those that come with the package; `allowActions` bounds them by the contracts that
   * they call.
   */
  readonly actions?: readonly Action[] | undefined
  /**
   * Tops it up from smart accounts of its owner: `refill` of `stipend/actions`. Each is done once a payment leaves less than
   * its floor, in the background: no payment waits for it. Its gas counts; no rule has to allow it.
   *
   * @default nobody
   */
  readonly refills?: readonly Refill[] | undefined
  /**
   * Reconciles by itself, this often, until the wallet is closed; it keeps no process alive.
   *
   * @default off
   */
  readonly reconcileEverySeconds?: number | undefined
  /**
   * For how long a payment of which nobody knows what became stands in the way of an identical call that has no key and
   * is not `repeatable`: in seconds since it was last sent, and always while it can be settled. Meanwhile that call goes on
   * from the payment, or is told of it; afterwards it is a new purchase. From 60 to 604800.
   *
   * @default 3600
   */
  readonly unresolvedSeconds?: number | undefined
  /**
   * Whether a request to what was paid before carries its payment at once, by the terms that were asked last: one trip instead
   * of two. `true` for all hosts, or patterns as in `allowHosts`; `payment.ahead` of a call goes before it. Terms are
   * remembered for ten minutes, by method and URL, of answers that came with a receipt; each payment is judged and recorded
   * as ever. Where other terms are asked in answer, these are judged and signed under the same nonce, and the purchase
   * counts as the dearer of both.
   *
   * @default false
   */
  readonly payAhead?: boolean | readonly string[] | undefined
  /**
   * How many payments may be between their 402 and its answer at once, those of sessions included; others wait for their
   * turn, in the order in which they came, and sign nothing meanwhile. A request that costs nothing never waits, nor does
   * one that a person is asked about take a place; nor do transfers and actions, which no server answers. Whoever waits for
   * three minutes is refused.
   *
   * @default as many as there are
   */
  readonly maxInFlight?: number | undefined
  /**
   * Which signatures are compared with their payments before they are sent: `always` all of them, `foreign` all but those of
   * this package's own signers in this process, of which only the first of each key is. Own signers are those of
   * `privateKey`, `mnemonic`, `generate` and an `encryptedFile` that is not isolated; not one whose `secp256k1` is of another make.
   *
   * @default 'foreign'
   */
  readonly checkSignatures?: 'foreign' | 'always' | undefined
  /**
   * Tokens of the owner's own, besides the pinned ones. Of offers at one price, the one in the token that comes first is
   * paid: these in their order, then the pinned ones. A pinned token may be listed here to be preferred.
   */
  readonly assets?: readonly AssetInput[] | undefined
  /** Unix milliseconds. @default Date.now */
  readonly clock?: (() => number) | undefined
  /**
   * Milliseconds that have passed since whenever, and never run back. A clock that is more than five minutes ahead of
   * them has jumped: nothing is signed, and no limit over time moves on, until `reconcile` finds that a final block of
   * a chain agrees with it, or `confirmClock` is called. Before the first of these a wrong clock is not noticed.
   *
   * @default performance.now; with a `clock` of one's own, that clock, so that it never jumps
   */
  readonly monotonic?: (() => number) | undefined
  /** @default crypto.getRandomValues */
  readonly random?: Random | undefined
  /**
   * Answers in this process whether a payment that needs approval is approved; anything but `true` is no. Without it, and
   * where it throws, the call throws `ApprovalRequiredError` and goes on when it is made again after `approvals.approve(id)`.
   */
  readonly onApproval?: ((approval: Approval) => boolean | Promise<boolean>) | undefined
  /**
   * Opens what was paid before by signing in instead of paying again, or what costs nothing: `signInWithX` and
   * `signInWithMpp` of `stipend/sign-in`, or both.
   *
   * @default it always pays
   */
  readonly signIn?: SignInMethod | readonly SignInMethod[] | undefined
  /**
   * Keeps, and verifies, what servers sign of their offers and receipts: `signedReceipts` of `stipend/receipts`.
   *
   * @default nobody looks
   */
  readonly attestations?: Attestations | undefined
  /**
   * What the tokens of sessions begin with: up to 32 letters, digits and underscores.
   *
   * @default 'stipend_'
   */
  readonly sessionTokenPrefix?: string | undefined
  /** @default the global fetch at the time of each call */
  readonly fetch?: typeof globalThis.fetch | undefined
}

/** What only a whole wallet does something with. */
const wholeNames = {
  paymentMethods: true,
  chains: true,
  actions: true,
  refills: true,
  reconcileEverySeconds: true,
  sessionTokenPrefix: true,
} as const

/** What every wallet takes: what is called anything else is refused. */
export const payingNames: OptionNames<Omit<AgentWalletOptions, keyof typeof wholeNames>> = {
  keyStore: true,
  policy: true,
  ledger: true,
  schemes: true,
  protocols: true,
  unresolvedSeconds: true,
  checkSignatures: true,
  payAhead: true,
  maxInFlight: true,
  assets: true,
  clock: true,
  monotonic: true,
  random: true,
  onApproval: true,
  signIn: true,
  attestations: true,
  fetch: true,
}

/** All of them. */
export const optionNames: OptionNames<AgentWalletOptions> = { ...payingNames, ...wholeNames }

export function readKeyStore(keyStore: AgentWalletOptions['keyStore']): AgentWalletOptions['keyStore'] {
  if (typeof keyStore?.getSigner === 'function') return keyStore
  throw new ConfigurationError(
    'Failed to read keyStore: expected one of stipend/keys, such as privateKey(key) or account(viemAccount)',
  )
}

export function readLedger(ledger: Ledger = memoryLedger()): Ledger {
  if (typeof ledger?.reserve === 'function') return ledger
  throw new ConfigurationError("Failed to read ledger: expected one such as sqliteLedger('agent.db')")
}

export function readCheckSignatures(which: AgentWalletOptions['checkSignatures'] = 'foreign'): 'foreign' | 'always' {
  if (which === 'foreign' || which === 'always') return which
  throw new ConfigurationError("Failed to read checkSignatures: expected 'foreign' or 'always'")
}

/** Answers milliseconds. */
export function readUnresolved(seconds = 3600): number {
  if (Number.isSafeInteger(seconds) && seconds >= 60 && seconds <= 604_800) return seconds * 1000
  throw new ConfigurationError('Failed to read unresolvedSeconds: expected a whole number from 60 to 604800')
}

export function readPrefix(prefix = 'stipend_'): string {
  if (/^[A-Za-z0-9_]{0,32}$/.test(prefix)) return prefix
  throw new ConfigurationError('Failed to read sessionTokenPrefix: expected up to 32 letters, digits and underscores')
}
