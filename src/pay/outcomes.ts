import type { PayContext } from './context.js'
import { mac, nameIn } from './purchase-id.js'

/** What was bought under a name, kept with the payments for a call that is run again; a later one may take its place. */
export type Outcomes = {
  readonly recall: (name: string) => Promise<string | undefined>
  /** Keeps a text, unless it is a long one. */
  readonly keep: (name: string, text: string) => Promise<void>
}

const places = 1024
const maxLength = 262_144

type Sources = Pick<PayContext, 'assets' | 'keyStore' | 'ledger' | 'secret' | 'sessions'>

/**
 * Creates the store of a wallet's or a session's outcomes, named by the secret that its purchases are named by: wallets of
 * other keys can share the ledger. Where the ledger or the key store fails, nothing is known or kept.
 */
export function createOutcomes(sources: Sources): Outcomes {
  const { ledger, sessions } = sources
  const placeOf = async (name: string) => {
    const secret = await secretOf(sources)
    if (!secret) return undefined
    const hash = mac(secret, `outcome\n${nameIn(sessions.at(-1), name)}`)
    return { hash, place: `outcome:${Number.parseInt(hash.slice(0, 8), 16) % places}` }
  }
  return {
    recall: async (name) => {
      const found = await placeOf(name).catch(() => undefined)
      if (!found) return undefined
      const kept = await ledger.recall(found.place).catch(() => undefined)
      return kept?.startsWith(found.hash) ? kept.slice(found.hash.length) : undefined
    },
    keep: async (name, text) => {
      if (text.length > maxLength) return
      const found = await placeOf(name).catch(() => undefined)
      if (found) await ledger.remember(found.place, found.hash + text).catch(() => {})
    },
  }
}

/** All keys of a wallet go by one secret: that of the first will do. */
async function secretOf({ assets, keyStore, secret }: Sources): Promise<Uint8Array | undefined> {
  for (const network of new Set(assets.list().map((asset) => asset.network))) {
    const signer = await keyStore.getSigner(network)
    if (signer) return secret(signer.address)
  }
  return undefined
}
