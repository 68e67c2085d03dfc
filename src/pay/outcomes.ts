import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils'
import type { PayContext } from './context.js'
import { nameIn } from './purchase-id.js'

/** What was bought under a name, kept with the payments for a call that is run again; a later one may take its place. */
export type Outcomes = {
  readonly recall: (name: string) => Promise<string | undefined>
  /** Keeps a text, unless it is a long one. */
  readonly keep: (name: string, text: string) => Promise<void>
}

const places = 1024
const maxLength = 262_144

/** Creates the store of a wallet's or a session's outcomes; where the ledger fails, nothing is known or kept. */
export function createOutcomes({ ledger, sessions }: Pick<PayContext, 'ledger' | 'sessions'>): Outcomes {
  const placeOf = (name: string) => {
    const hash = bytesToHex(sha256(utf8ToBytes(nameIn(sessions.at(-1), name))))
    return { hash, place: `outcome:${Number.parseInt(hash.slice(0, 8), 16) % places}` }
  }
  return {
    recall: async (name) => {
      const { hash, place } = placeOf(name)
      const kept = await ledger.recall(place).catch(() => undefined)
      return kept?.startsWith(hash) ? kept.slice(hash.length) : undefined
    },
    keep: async (name, text) => {
      const { hash, place } = placeOf(name)
      if (text.length <= maxLength) await ledger.remember(place, hash + text).catch(() => {})
    },
  }
}
