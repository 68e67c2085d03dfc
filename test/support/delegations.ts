import { type Address, createTestClient, encodeFunctionData, encodePacked, http, parseAbi } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { Delegation } from 'stipend/actions'
import { delegations } from '../../src/assets/pinned-delegations.js'
import { type KeyPair, startChain, type TestChain } from '../../examples/support/chain.ts'
import { compile } from '../../examples/support/compile.ts'
import { send } from '../../examples/support/exchange.ts'

const root = `0x${'f'.repeat(64)}` as const
const erc20 = parseAbi(['function approve(address, uint256) returns (bool)'])
const types = {
  Delegation: [
    { name: 'delegate', type: 'address' },
    { name: 'delegator', type: 'address' },
    { name: 'authority', type: 'bytes32' },
    { name: 'caveats', type: 'Caveat[]' },
    { name: 'salt', type: 'uint256' },
  ],
  Caveat: [
    { name: 'enforcer', type: 'address' },
    { name: 'terms', type: 'bytes' },
  ],
} as const

/** What an owner delegates. */
export type Delegating = {
  readonly owner: KeyPair
  readonly to: Address
  readonly amount: bigint
  readonly token?: Address
  readonly seconds?: bigint
  readonly start?: bigint
  readonly salt?: bigint
}

/** A chain on which owners delegate, by a manager and an enforcer of the tests' own. */
export type DelegationChain = TestChain & {
  /** Makes an owner who has so much of the test dollar. */
  readonly createOwner: (amount: bigint) => Promise<KeyPair>
  readonly delegate: (what: Delegating) => Promise<Delegation>
  readonly nonceOf: (address: Address) => Promise<number>
  readonly passTime: (seconds: number) => Promise<void>
  readonly passBlocks: () => Promise<void>
}

/** Starts it. */
export async function startDelegations(): Promise<DelegationChain> {
  const chain = await startChain()
  const { publicClient, token } = chain
  const admin = createTestClient({ chain: chain.chain, transport: http(), mode: 'anvil' })
  const code = compile(new URL('Delegations.sol', import.meta.url))
  await admin.setCode({ address: delegations.manager, bytecode: code['DelegationManager'] ?? '0x' })
  await admin.setCode({ address: delegations.periodTransfer, bytecode: code['PeriodTransferEnforcer'] ?? '0x' })
  // What gas costs is high on a new chain.
  await admin.mine({ blocks: 40 })
  return {
    ...chain,
    createOwner: async (amount) => {
      const owner = await chain.createSender()
      await chain.mint(owner.address, amount)
      const args = [delegations.manager, 2n ** 255n] as const
      await send(chain, owner, token, encodeFunctionData({ abi: erc20, functionName: 'approve', args }))
      return owner
    },
    delegate: (what) => signDelegation(chain, what),
    nonceOf: (address) => publicClient.getTransactionCount({ address }),
    passTime: async (seconds) => {
      await admin.increaseTime({ seconds })
      await admin.mine({ blocks: 1 })
    },
    passBlocks: () => admin.mine({ blocks: 100, interval: 0 }),
  }
}

async function signDelegation(
  { chain, token: dollar }: TestChain,
  { owner, to, amount, token = dollar, seconds = 86_400n, start = 1_700_000_000n, salt = 7n }: Delegating,
): Promise<Delegation> {
  const terms = encodePacked(['address', 'uint256', 'uint256', 'uint256'], [token, amount, seconds, start])
  const message = {
    delegate: to,
    delegator: owner.address,
    authority: root,
    caveats: [
      { enforcer: delegations.valueLte, terms: `0x${'0'.repeat(64)}` },
      { enforcer: delegations.periodTransfer, terms },
    ],
    salt,
  } as const
  const domain = {
    name: 'DelegationManager',
    version: '1',
    chainId: chain.id,
    verifyingContract: delegations.manager,
  } as const
  const signer = privateKeyToAccount(owner.privateKey)
  const signature = await signer.signTypedData({ domain, types, primaryType: 'Delegation', message })
  return { ...message, caveats: message.caveats.map((one) => ({ ...one, args: '0x00' })), signature }
}
