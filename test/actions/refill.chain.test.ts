import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type Abi,
  type Address,
  createTestClient,
  createWalletClient,
  encodeFunctionData,
  type Hex,
  http,
  parseAbi,
  zeroAddress,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { type AgentWallet, allowHosts, createAgentWallet, spendingLimit } from 'stipend'
import { type Delegation, refill } from 'stipend/actions'
import { evm } from 'stipend/evm'
import { privateKey } from 'stipend/keys'
import { delegations } from '../../src/assets/pinned-delegations.js'
import { hashDelegation } from '../../src/evm/delegation.js'
import { readDelegation } from '../../src/actions/read-delegation.js'
import { type KeyPair, startChain, type TestChain } from '../../examples/support/chain.ts'
import { type Facilitator, startFacilitator } from '../../examples/support/facilitator.ts'
import { type OfficialServer, startServer } from '../../examples/support/servers.ts'
import { constructAt, readOracle } from '../support/contracts.ts'
import { ether } from '../support/ether.ts'
import { rejection } from '../support/wallets.ts'

type Environment = { readonly DelegationManager: Address; readonly implementations: Readonly<Record<string, Address>> }
/** Unsigned, as the kit makes it. */
type Made = Omit<Delegation, 'signature'>
type Kit = {
  readonly getSmartAccountsEnvironment: (chainId: number) => Environment
  readonly createDelegation: (options: object) => Made
  readonly signDelegation: (options: object) => Promise<Hex>
}
type Utilities = {
  readonly hashDelegation: (delegation: object) => Hex
  readonly encodeDelegations: (delegations: readonly object[]) => Hex
}

const kit = readOracle('@metamask/smart-accounts-kit') as Kit
const utilities = readOracle('@metamask/smart-accounts-kit/utils') as Utilities
const abis = readOracle('@metamask/delegation-abis') as Readonly<Record<string, Abi>>
const bytecodes = readOracle('@metamask/delegation-abis/bytecode') as Readonly<Record<string, Hex>>
const managerAbi = parseAbi(['function redeemDelegations(bytes[], bytes32[], bytes[])'])

const network = 'eip155:84532'
const dollar = 1_000_000n
const environment = kit.getSmartAccountsEnvironment(84532)
const implementation = environment.implementations['EIP7702StatelessDeleGatorImpl'] ?? zeroAddress

let chain: TestChain
let facilitator: Facilitator
let server: OfficialServer
let payer: KeyPair
let owner: KeyPair

beforeAll(async () => {
  chain = await startChain()
  const put = (name: string, address: Address, args: readonly unknown[] = []) =>
    constructAt(chain, address, { abi: abis[name] ?? [], bytecode: bytecodes[name] ?? '0x', args })
  await put('DelegationManager', delegations.manager, [chain.accounts[0]?.address])
  await put('ERC20PeriodTransferEnforcer', delegations.periodTransfer)
  await put('ValueLteEnforcer', delegations.valueLte)
  await put('EIP7702StatelessDeleGator', implementation, [delegations.manager, zeroAddress])
  // What gas costs is high on a new chain.
  await passBlocks()
  facilitator = await startFacilitator(chain)
  server = await startServer({ facilitator, price: '$0.50' })
})
afterAll(async () => {
  await server?.close()
  await facilitator?.close()
  await chain?.stop()
})
beforeEach(async () => {
  payer = await chain.createSender()
  owner = await chain.createSender()
  await chain.mint(owner.address, 100n * dollar)
  const account = privateKeyToAccount(owner.privateKey)
  const sender = createWalletClient({ account, chain: chain.chain, transport: http() })
  const authorization = await sender.signAuthorization({ contractAddress: implementation, executor: 'self' })
  await included(await sender.sendTransaction({ to: zeroAddress, authorizationList: [authorization] }))
})

async function passBlocks(): Promise<void> {
  await createTestClient({ chain: chain.chain, transport: http(), mode: 'anvil' }).mine({ blocks: 100, interval: 0 })
}

async function included(hash: Hex): Promise<void> {
  const { status } = await chain.publicClient.waitForTransactionReceipt({ hash })
  if (status !== 'success') throw new Error('a transaction of the test failed')
}

/** What the owner's own software does: three dollars a day to the agent's key. */
async function delegate(): Promise<Delegation> {
  const { timestamp } = await chain.publicClient.getBlock()
  const delegation = kit.createDelegation({
    environment,
    from: owner.address,
    to: payer.address,
    scope: {
      type: 'erc20PeriodTransfer',
      tokenAddress: chain.token,
      periodAmount: 3n * dollar,
      periodDuration: 86_400,
      startDate: Number(timestamp),
    },
  })
  const signature = await kit.signDelegation({
    privateKey: owner.privateKey,
    delegation,
    delegationManager: delegations.manager,
    chainId: 84532,
  })
  return { ...delegation, signature }
}

function open(delegation: Delegation): AgentWallet {
  return createAgentWallet({
    keyStore: privateKey(payer.privateKey),
    policy: [allowHosts(['http://127.0.0.1:*']), spendingLimit({ perPaymentUsd: 5, dailyLimitUsd: 50 })],
    assets: [ether],
    chains: [evm({ network, clients: [chain.publicClient] })],
    refills: [
      refill({ network, token: 'USDC', delegation, periodAmount: '3', periodDuration: 86_400, floor: '1', to: '2' }),
    ],
  })
}

const held = () => chain.balanceOf(payer.address)

describe('a wallet whose owner delegates so much a day', () => {
  test('pays, tops itself up, and comes to an end where the day’s amount does', async () => {
    const wallet = open(await delegate())
    await wallet.refill()
    expect(await held()).toBe(2n * dollar)
    // Three dollars come, and each costs a half.
    for (let count = 0; count < 6; count += 1) {
      expect((await wallet.fetch(`${server.url}/paid`)).status).toBe(200)
      await wallet.refill().catch(() => [])
    }
    expect(await held()).toBe(0n)
    expect(await chain.balanceOf(owner.address)).toBe(97n * dollar)
    expect(String(await rejection(wallet.refill()))).toContain('its delegation lets 0 USDC be moved now')
    await passBlocks()
    expect((await wallet.reconcile()).open).toEqual([])
    expect(await wallet.frozen()).toBeUndefined()
  })

  test('has its key stolen for no more than what it holds and the day’s amount', async () => {
    const delegation = await delegate()
    await open(delegation).refill()
    const account = privateKeyToAccount(payer.privateKey)
    const thief = createWalletClient({ account, chain: chain.chain, transport: http() })
    const move = (amount: bigint) => {
      const data = encodeFunctionData({
        abi: parseAbi(['function transfer(address, uint256)']),
        functionName: 'transfer',
        args: [payer.address, amount],
      })
      const execution: Hex = `0x${chain.token.slice(2)}${'0'.repeat(64)}${data.slice(2)}`
      const args = [[utilities.encodeDelegations([delegation])], [`0x${'0'.repeat(64)}`], [execution]] as const
      return { address: delegations.manager, abi: managerAbi, functionName: 'redeemDelegations', args } as const
    }
    const error = await rejection(chain.publicClient.simulateContract({ account, ...move(dollar + 1n) }))
    expect(String(error)).toContain('transfer-amount-exceeded')
    await included(await thief.writeContract(move(dollar)))
    expect(await held()).toBe(3n * dollar)
    expect(String(await rejection(chain.publicClient.simulateContract({ account, ...move(1n) })))).toContain(
      'transfer-amount-exceeded',
    )
  })

  test('is not topped up once the owner has taken the delegation back, and signs nothing', async () => {
    const delegation = await delegate()
    const account = privateKeyToAccount(owner.privateKey)
    const sender = createWalletClient({ account, chain: chain.chain, transport: http() })
    const disable = { abi: abis['DelegationManager'] ?? [], functionName: 'disableDelegation', args: [delegation] }
    await included(await sender.writeContract({ address: delegations.manager, ...disable }))
    const wallet = open(delegation)
    expect(await rejection(wallet.refill())).toMatchObject({ code: 'payment_denied', moved: 'no' })
    expect(await wallet.payments.list()).toEqual([])
  })
})

describe('a delegation', () => {
  test('has the hash that its manager knows it by', async () => {
    const delegation = await delegate()
    expect(hashDelegation(readDelegation(delegation).signed)).toBe(utilities.hashDelegation(delegation))
  })
})
