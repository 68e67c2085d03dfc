import { parseAddressOn } from '../assets/families.js'
import { ConfigurationError } from '../errors.js'
import { encodeCall } from '../evm/abi.js'
import type { Action, ActionRequest, PlanningContext, PlanToken } from '../ports/action.js'
import type { Hex, Network } from '../types.js'
import { readParts } from './read-parts.js'

/** Which NFT is given away, and to whom. */
export type TransferNftRequest = {
  readonly action: 'transferNft'
  readonly network: Network
  /** A symbol of the table of assets, in which a collection is priced by the piece, or an address. */
  readonly contract: string
  readonly id: bigint | string
  readonly to: string
  readonly standard: 'erc721' | 'erc1155'
  /** How many, of an ERC-1155. @default 1 */
  readonly amount?: bigint | string | undefined
}

/** `safeTransferFrom(address,address,uint256)` and `safeTransferFrom(address,address,uint256,uint256,bytes)` */
const selectors = { erc721: '0x42842e0e', erc1155: '0xf242432a' } as const

/** Gives an NFT of the wallet's to an address that can take it. */
export const transferNftAction: Action = Object.freeze({
  name: 'transferNft',
  plan: async (request: ActionRequest, { payer, findToken }: PlanningContext) => {
    const parts = readParts<TransferNftRequest>(request, ['contract', 'id', 'to', 'standard', 'amount'])
    const { network, standard } = parts
    const collection = findToken(String(parts.contract))
    const to = parseAddressOn(network, String(parts.to))
    if (!collection || !to || to === payer || /^0x0*$/.test(to)) {
      throw new ConfigurationError(
        'Failed to transfer an NFT: expected its contract, and another address to send it to',
      )
    }
    if (!Object.hasOwn(selectors, standard)) {
      throw new ConfigurationError('Failed to read standard: expected erc721 or erc1155')
    }
    const id = readWhole(parts.id, 'id')
    const amount = readWhole(parts.amount ?? 1n, 'amount')
    if (amount === 0n || (standard === 'erc721' && amount !== 1n)) {
      throw new ConfigurationError('Failed to read amount: there is one of an ERC-721, and none is nothing to send')
    }
    const token: PlanToken = { ...collection, kind: standard, decimals: 0, id }
    return {
      action: 'transferNft',
      network,
      facts: { to, contract: token.address, id: id.toString() },
      calls: [{ to: token.address, value: 0n, data: dataOf({ standard, payer, to, id, amount }) }],
      outflows: [{ token, amount }],
      inflows: [],
      approvals: [],
    }
  },
} satisfies Action)

function dataOf({ standard, payer, to, id, amount }: Sending): Hex {
  if (standard === 'erc721') return encodeCall(selectors.erc721, payer, to, id)
  // The bytes at its end are none.
  return encodeCall(selectors.erc1155, payer, to, id, amount, 160n, 0n)
}

type Sending = {
  readonly standard: 'erc721' | 'erc1155'
  readonly payer: string
  readonly to: string
  readonly id: bigint
  readonly amount: bigint
}

function readWhole(value: unknown, name: string): bigint {
  const isWritten = typeof value === 'string' && /^(0|[1-9]\d{0,77})$/.test(value)
  const number = typeof value === 'bigint' ? value : isWritten ? BigInt(String(value)) : -1n
  if (number >= 0n && number < 1n << 256n) return number
  throw new ConfigurationError(`Failed to read ${name}: expected a whole number`)
}
