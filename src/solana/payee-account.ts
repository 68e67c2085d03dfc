import * as z from 'zod/mini'
import { ChainUnavailableError, PayeeAccountMissingError } from '../errors.js'
import { decode32, tokenProgramOf } from './address.js'
import type { Node } from './rpc.js'
import type { Offer } from '../types.js'

/** Looks up whether a payee can be paid. */
export type Payees = {
  /**
   * Resolves once it is known that the payee has an account for the token; asks once for each.
   *
   * @throws PayeeAccountMissingError when there is none.
   * @throws ChainUnavailableError when no node can say.
   */
  readonly check: (offer: Offer, account: string) => Promise<void>
}

const mostKnown = 1024
/** A token account's mint, owner, amount, delegate and state. */
const accountBytes = 109
const initialized = 1

const lookup = z.object({
  value: z.nullable(z.object({ owner: z.string(), data: z.tuple([z.string().check(z.maxLength(1024)), z.string()]) })),
})

/** Creates the look-up. That an account exists is remembered, that it does not is asked again. */
export function createPayees(nodes: readonly Node[]): Payees {
  const known = new Map<string, Promise<void>>()
  return {
    async check(offer, account) {
      const found = known.get(account)
      if (found) return found
      if (known.size >= mostKnown) known.clear()
      const asked = look(nodes, offer, account)
      known.set(account, asked)
      asked.catch(() => known.delete(account))
      return asked
    },
  }
}

async function look(nodes: readonly Node[], offer: Offer, account: string): Promise<void> {
  const config = { encoding: 'base64', commitment: 'confirmed', dataSlice: { offset: 0, length: accountBytes } }
  let cause: unknown
  for (const node of nodes) {
    try {
      const { value } = await node.ask('getAccountInfo', [account, config], lookup)
      if (value && isAccountOf(offer, value.owner, decode(value.data[0]))) return
      throw new PayeeAccountMissingError(offer, account)
    } catch (error) {
      if (error instanceof PayeeAccountMissingError) throw error
      cause = error
    }
  }
  throw new ChainUnavailableError('no node says whether the payee has an account for the token', { cause })
}

function isAccountOf({ asset, payTo }: Offer, program: string, data: Uint8Array): boolean {
  const starts = (bytes: Uint8Array | undefined, offset: number): boolean =>
    bytes?.every((byte, index) => data[offset + index] === byte) === true
  return (
    program === tokenProgramOf(asset) &&
    starts(decode32(asset.address), 0) &&
    starts(decode32(payTo), 32) &&
    data[108] === initialized
  )
}

function decode(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}
