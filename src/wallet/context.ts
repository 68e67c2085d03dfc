import { familiesOf } from '../assets/families.js'
import { createAssetTable } from '../assets/table.js'
import { exactEvm } from '../evm/exact.js'
import { createRecent } from '../lib/recent.js'
import { boundKeyStore } from '../pay/bound-key-store.js'
import { boundLedger } from '../pay/bound-ledger.js'
import type { TrustedClock } from '../pay/clock.js'
import type { PayContext } from '../pay/context.js'
import { createEvents, type On } from '../pay/events.js'
import { createContractQuestions } from '../pay/contract-payer.js'
import { readPayAhead } from '../pay/pays-ahead.js'
import { createPlaces, readMaxInFlight } from '../pay/places.js'
import { createAccountTurn, createPermitTurn, createTurns } from '../pay/turns.js'
import type { GuardedPolicy } from '../policy/engine.js'
import { withoutTransfers } from '../policy/narrow.js'
import type { Chain } from '../ports/chain.js'
import { askTime, readChains } from '../reconcile/reconcile.js'
import { trustedClockOf } from './clock.js'
import { createCurrentPolicy } from './current-policy.js'
import { type AgentWalletOptions, readCheckSignatures, readKeyStore, readLedger, readUnresolved } from './options.js'
import { createPurchaseSecret } from './secrets.js'
import type { AgentWallet } from './wallet.js'

/** What the steps of a payment share, and what is the wallet's alone. */
export type WalletContext = Pick<AgentWallet, 'setPolicy' | 'restrict'> & {
  /** Its policy lets nobody transfer. */
  readonly context: PayContext & { readonly policy: GuardedPolicy }
  /** The whole policy, for what the owner does. */
  readonly policy: GuardedPolicy
  readonly chains: readonly Chain[]
  readonly trusted: TrustedClock
  readonly on: On
}

/** What a wallet can do without. */
type More = Pick<PayContext, 'askPrices' | 'showPaid' | 'findShortage' | 'refuseOnChain' | 'findAllowancePermit'>

function asksNoChain(): More {
  const nothing = async (): Promise<undefined> => undefined
  return { findShortage: nothing, refuseOnChain: nothing, findAllowancePermit: nothing }
}

/**
 * Reads the options of a wallet, and makes of them what all that it does is done with.
 *
 * @throws ConfigurationError when an option is not usable.
 */
export function createContext(
  options: AgentWalletOptions,
  more: (chains: readonly Chain[]) => More = asksNoChain,
): WalletContext {
  const { schemes = [exactEvm()], onApproval, signIn, attestations } = options
  const { emit, on, hasListeners } = createEvents()
  const ledger = boundLedger(readLedger(options.ledger), { emit })
  const keyStore = boundKeyStore(readKeyStore(options.keyStore))
  const trusted = trustedClockOf(options, emit)
  const chains = readChains(options.chains)
  const clock = (): number => trusted.read().wall
  const { policy, setPolicy, restrict } = createCurrentPolicy(options.policy, { ledger, clock, emit })
  const assets = createAssetTable(options.assets, familiesOf(schemes))
  const context = {
    keyStore,
    schemes,
    assets,
    ...more(chains),
    policy: withoutTransfers(policy),
    ledger,
    checkSignatures: readCheckSignatures(options.checkSignatures),
    unresolvedForMs: readUnresolved(options.unresolvedSeconds),
    takeTurn: createTurns(),
    tokenTurn: createPermitTurn(),
    accountTurn: createAccountTurn(chains),
    takePlace: createPlaces(readMaxInFlight(options.maxInFlight)),
    paysAhead: readPayAhead(options.payAhead),
    delivered: createRecent(10_000),
    clock,
    time: trusted.read,
    askTime: () => askTime({ chains, witness: trusted.witness }),
    contracts: createContractQuestions(chains),
    secret: createPurchaseSecret({ keyStore, ledger, assets }),
    sessions: [],
    emit,
    hasListeners,
    onApproval,
    signIn: signIn && [signIn].flat(),
    attestations,
  } satisfies PayContext
  return { context, policy, setPolicy, restrict, chains, trusted, on }
}
