import * as z from 'zod/mini'
import { decodeBytes } from '../lib/base64.js'
import { ChainUnavailableError, NoPayableOfferError, PayeeAccountMissingError } from '../errors.js'
import { decode32, isReserved, isWalletAddress, programs, tokenProgramOf } from './address.js'
import { firstAnswer } from './first-answer.js'
import type { Node } from './rpc.js'
import type { Offer } from '../types.js'

/** Looks up whether a payee can be paid. */
export type Payees = {
  /**
   * Resolves once it is known that the payee can own what it is paid, and has an account for it; asks once for each.
   *
   * @throws NoPayableOfferError when the payee is an account that owns nothing, such as a token account or a program.
   * @throws PayeeAccountMissingError when it has no account for the token.
   * @throws ChainUnavailableError when no node can say.
   */
  readonly check: (offer: Offer, account: string) => Promise<void>
}

const maxKnown = 1024
const initialized = 1
/** A token program's own multisig, which is told from its other accounts by its length: no other is as long. */
const multisigBytes = 355

const account = z.nullable(
  z.object({
    owner: z.string(),
    executable: z.boolean(),
    data: z.tuple([z.string().check(z.maxLength(1024)), z.string()]),
  }),
)
const lookup = z.object({ value: z.array(account).check(z.maxLength(2)) })
type Account = z.output<typeof account>

/** Creates the look-up. That a payee can be paid is remembered, that it cannot is asked again. */
export function createPayees(nodes: readonly Node[]): Payees {
  const known = new Map<string, Promise<void>>()
  return {
    async check(offer, account) {
      const found = known.get(account)
      if (found) return found
      if (known.size >= maxKnown) known.clear()
      const asked = readPayee(nodes, offer, account)
      known.set(account, asked)
      asked.catch(() => known.delete(account))
      return asked
    },
  }
}

async function readPayee(nodes: readonly Node[], offer: Offer, account: string): Promise<void> {
  const isCoin = offer.asset.transfer === 'native'
  const [payee, holding] = await readAccounts(nodes, isCoin ? [offer.payTo] : [offer.payTo, account])
  const reason = whyNoOwner(offer, payee ?? null)
  if (reason !== undefined) {
    const { index, scheme, network } = offer
    throw new NoPayableOfferError([{ index, reason, untrustedScheme: scheme, untrustedNetwork: network }])
  }
  if (!isCoin && !isAccountOf(offer, holding ?? null)) throw new PayeeAccountMissingError(offer, account)
}

async function readAccounts(nodes: readonly Node[], addresses: readonly string[]): Promise<readonly Account[]> {
  const dataSlice = { offset: 0, length: multisigBytes + 1 }
  const config = { encoding: 'base64', commitment: 'confirmed', dataSlice }
  const ask = async (node: Node): Promise<readonly Account[]> => {
    const { value } = await node.ask('getMultipleAccounts', [addresses, config], lookup)
    if (value.length !== addresses.length) throw new TypeError('a node answered for other accounts')
    return value
  }
  return firstAnswer(nodes, ask).catch((cause: unknown) => {
    throw new ChainUnavailableError('no node says whether the payee has an account for the token', { cause })
  })
}

/**
 * Says why what is sent to a payee would be lost. An account of a program, such as a multisig's vault, owns what its
 * program moves for it; those of the chain's own programs (tokens and their accounts, code, stakes) own nothing, but for
 * a token program's multisig.
 */
function whyNoOwner({ asset, payTo }: Offer, payee: Account): string | undefined {
  const isCoin = asset.transfer === 'native'
  if (!payee) {
    const isUsed = !isCoin || isWalletAddress(payTo)
    return isUsed ? undefined : 'payTo is an address that nobody has a key for and nobody has used'
  }
  if (payee.executable) return 'payTo is a program'
  if (payee.owner === programs.system || !isReserved(payee.owner)) return undefined
  const isMultisig = !isCoin && payee.owner === tokenProgramOf(asset) && isMultisigData(decodeBytes(payee.data[0]))
  return isMultisig ? undefined : 'payTo is no wallet, but an account that a program of the chain’s own keeps'
}

function isMultisigData(data: Uint8Array | undefined): boolean {
  return data?.length === multisigBytes && data[2] === initialized
}

function isAccountOf({ asset, payTo }: Offer, holding: Account): boolean {
  const data = holding && decodeBytes(holding.data[0])
  if (!data) return false
  const starts = (bytes: Uint8Array | undefined, offset: number): boolean =>
    bytes?.every((byte, index) => data[offset + index] === byte) === true
  return (
    holding.owner === tokenProgramOf(asset) &&
    starts(decode32(asset.address), 0) &&
    starts(decode32(payTo), 32) &&
    data[108] === initialized
  )
}
