import { ConfigurationError } from '../errors.js'
import { encodeCall } from '../evm/abi.js'
import type { Action, ActionRequest, PlanningContext } from '../ports/action.js'
import type { Network } from '../types.js'
import { parseAddressOn } from '../assets/families.js'
import { readParts } from './read-parts.js'

/** Which approval is ended. */
export type RevokeRequest = {
  readonly action: 'revoke'
  readonly network: Network
  /** A symbol of the table of assets, or an address. */
  readonly token: string
  /** Who may move it until then. */
  readonly spender: string
}

/** ERC-20 `approve(address,uint256)`. */
const approve = '0x095ea7b3'

/** Lets a spender move nothing of a token any more. */
export const revokeAction: Action = Object.freeze({
  name: 'revoke',
  plan: async (request: ActionRequest, { findToken }: PlanningContext) => {
    const { network, ...parts } = readParts<RevokeRequest>(request, ['token', 'spender'])
    const token = findToken(String(parts.token))
    const spender = parseAddressOn(network, String(parts.spender))
    if (!token || !spender)
      throw new ConfigurationError('Failed to revoke: expected a token and the address of a spender')
    return {
      action: 'revoke',
      network,
      facts: { token: token.address, spender },
      calls: [{ to: token.address, value: 0n, data: encodeCall(approve, spender, 0n) }],
      outflows: [],
      inflows: [],
      approvals: [],
    }
  },
} satisfies Action)
