import type { AssetTable } from '../assets/table.js'
import { ConfigurationError, isStipendError, LedgerUnavailableError } from '../errors.js'
import { equalBytes } from '../lib/bytes.js'
import type { PayContext } from '../pay/context.js'
import type { KeyStore } from '../ports/key-store.js'

type Sources = Pick<PayContext, 'keyStore' | 'ledger'>
type Assets = { readonly assets: AssetTable }

/**
 * Answers by which secret the purchases of a payer are named. The ledger keeps the first that was used for an address,
 * so that another store of the same key goes on with it: the same purchase has the same nonce, whichever store signs.
 * All keys of a wallet go by one secret, so that a purchase is also the same on another network.
 */
export function createPurchaseSecret(sources: Sources & Assets): PayContext['secret'] {
  const own = createSecret('purchases', sources)
  const kept = new Map<string, Uint8Array>()
  let turn: Promise<unknown> = Promise.resolve()
  const find = async (payer: string): Promise<Uint8Array> => {
    if (!kept.has(payer)) await keepAll(await payersOf(sources, payer), kept, { ...sources, own })
    const [used] = kept.values()
    const secret = kept.get(payer)
    if (secret && used && equalBytes(secret, used)) return secret
    throw new ConfigurationError('Failed to name a purchase: this ledger knows the keys of the wallet as two payers', {
      details: [
        `Purchases of ${payer} were named by another secret than those of the wallet's other key; nothing was signed.`,
        'One purchase could be paid by each of them: give each key a wallet of its own.',
        ...(await namesOf(sources)).map(
          (name) =>
            `Where another wallet on this ledger has the account ${name} too, give the payment method here an account of its own, by its option account.`,
        ),
      ],
    })
  }
  return (payer) => {
    // One after another, so that the keys of one wallet begin with one secret.
    const found = turn.then(() => find(payer))
    turn = found.catch(() => {})
    return found
  }
}

/** Lists those of the wallet's payers that are names which their owner gave, and no addresses. */
async function namesOf({ assets, keyStore }: Sources & Assets): Promise<readonly string[]> {
  const networks = [...new Set(assets.list().map(({ network }) => network))]
  const signers = await Promise.all(networks.map(async (network) => keyStore.getSigner(network).catch(() => undefined)))
  return [...new Set(signers.flatMap((signer) => (signer?.isNamed ? [signer.address] : [])))]
}

/** Lists the addresses that a store signs for; what it does not say now is found when it pays. */
async function payersOf(
  { assets, keyStore }: Pick<PayContext, 'assets' | 'keyStore'>,
  payer: string,
): Promise<readonly string[]> {
  const networks = [...new Set(assets.list().map(({ network }) => network))]
  const ask = async (network: (typeof networks)[number]): Promise<string> => {
    try {
      const signer = await keyStore.getSigner(network)
      return signer?.address ?? payer
    } catch {
      return payer
    }
  }
  return [...new Set([...(await Promise.all(networks.map(ask))), payer])]
}

/** Keeps the secret for each payer, beginning with those that the ledger knows: what is new goes by what was before. */
async function keepAll(
  payers: readonly string[],
  kept: Map<string, Uint8Array>,
  sources: Sources & { readonly own: () => Promise<Uint8Array> },
): Promise<void> {
  const { ledger, own } = sources
  const noteOf = (payer: string): string => `payer/${payer}`
  const notes = await whenAvailable(Promise.all(payers.map((payer) => ledger.recall(noteOf(payer)))))
  const isKnown = (payer: string): boolean => notes[payers.indexOf(payer)] !== undefined
  for (const payer of payers.toSorted((one, other) => Number(isKnown(other)) - Number(isKnown(one)))) {
    const [used = await own()] = kept.values()
    const secret = await whenAvailable(ledger.secret(`purchases/${payer}`, used))
    // The note only says where to begin: without it two keys may be told apart that could have been one payer.
    if (!isKnown(payer)) await ledger.remember(noteOf(payer), 'its purchases have a secret').catch(() => {})
    kept.set(payer, secret)
  }
}

/** Answers one secret, which comes from the key where the store can derive it, else from bytes that the ledger keeps. */
export function createSecret(purpose: string, { keyStore, ledger }: Sources): () => Promise<Uint8Array> {
  let secret: Promise<Uint8Array> | undefined
  return () => {
    secret ??= keyStore.deriveSecret
      ? derive(purpose, keyStore)
      : whenAvailable(ledger.secret(`${purpose}/${keyStore.id ?? ''}`))
    secret.catch(() => {
      secret = undefined
    })
    return secret
  }
}

async function derive(purpose: string, keyStore: KeyStore): Promise<Uint8Array> {
  const secret = await keyStore.deriveSecret?.(purpose).catch((cause: unknown) => {
    if (isStipendError(cause)) throw cause
    throw new ConfigurationError('Failed to derive a secret from the key store; nothing was signed', { cause })
  })
  if (secret?.length === 32) return secret
  throw new ConfigurationError('Failed to derive a secret: the key store answers none of 32 bytes; nothing was signed')
}

async function whenAvailable<value>(answer: Promise<value>): Promise<value> {
  return answer.catch((cause: unknown) => {
    throw isStipendError(cause) ? cause : new LedgerUnavailableError(cause)
  })
}
