import { createPublicClient, createWalletClient, encodeFunctionData, type Hex, http, parseAbi, zeroAddress } from 'viem'
import { toSimple7702SmartAccount, type SmartAccount } from 'viem/account-abstraction'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AgentWallet, allowHosts, createAgentWallet, getPayment, spendingLimit } from 'stipend'
import { evm } from 'stipend/evm'
import { account } from 'stipend/keys'
import { spentBy } from '../support/agent.ts'
import { startChain } from '../../examples/support/chain.ts'
import { constructAt, readArtifact } from '../support/contracts.ts'
import { type Facilitator, startFacilitator } from '../../examples/support/facilitator.ts'
import { type Permit2Chain, withPermit2 } from '../support/permit2.ts'
import { type OfficialServer, startServer } from '../../examples/support/servers.ts'
import { createSmartAccount, sendFrom } from '../support/smart-accounts.ts'
import { rejection } from '../support/wallets.ts'

const network = 'eip155:84532'
/** Where Safe 1.4.1 stands on the chains that have it. */
const safe = {
  singleton: '0x41675C099F32341bf84BFc5382aF534df5C7461a',
  factory: '0x4e1DCf7AD4e460CfD30791CCC4F9c8a4f820ec67',
  handler: '0xfd0732Dc9E303f09fCEf3a7388Ad10A83459Ec99',
} as const
const simple7702 = '0xe6Cae83BdE06E4c305530e199D7217f42808555B'
const safeAbi = parseAbi([
  'function setup(address[] owners, uint256 threshold, address to, bytes data, address fallbackHandler, address paymentToken, uint256 payment, address paymentReceiver)',
  'function createProxyWithNonce(address singleton, bytes initializer, uint256 saltNonce) returns (address)',
])

let chain: Permit2Chain
let facilitator: Facilitator
let stranger: Facilitator
let server: OfficialServer

beforeAll(async () => {
  chain = await withPermit2(await startChain())
  const published = (path: string) => readArtifact(`@safe-global/safe-contracts/build/artifacts/contracts/${path}.json`)
  await constructAt(chain, safe.singleton, published('Safe.sol/Safe'))
  await constructAt(chain, safe.factory, published('proxies/SafeProxyFactory.sol/SafeProxyFactory'))
  const handler = published('handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler')
  await constructAt(chain, safe.handler, handler)
  await constructAt(chain, simple7702, readArtifact('@account-abstraction/contracts/artifacts/Simple7702Account.json'))
  facilitator = await startFacilitator(chain, { factories: [safe.factory] })
  stranger = await startFacilitator(chain)
  server = await startServer({ facilitator, price: '$0.01' })
})
afterAll(async () => {
  await server?.close()
  await Promise.all([facilitator?.close(), stranger?.close()])
  await chain?.stop()
})

type Safe = { readonly account: SmartAccount; readonly deploy: () => Promise<void> }

/** Makes a Safe of so many owners, all of whom have to sign, with a dollar in it; nobody has deployed it yet. */
async function createSafe(count: number): Promise<Safe> {
  const owners = Array.from({ length: count }, () => privateKeyToAccount(generatePrivateKey())).toSorted(
    (one, other) => (one.address.toLowerCase() < other.address.toLowerCase() ? -1 : 1),
  )
  const addresses = owners.map(({ address }) => address)
  const initializer = encodeFunctionData({
    abi: safeAbi,
    functionName: 'setup',
    args: [addresses, BigInt(count), zeroAddress, '0x', safe.handler, zeroAddress, 0n, zeroAddress],
  })
  const call = { address: safe.factory, abi: safeAbi, functionName: 'createProxyWithNonce' } as const
  const args = [safe.singleton, initializer, 7n] as const
  const { result: address } = await chain.publicClient.simulateContract({ ...call, args })
  const factoryData = encodeFunctionData({ abi: safeAbi, functionName: 'createProxyWithNonce', args })
  await chain.mint(address, 1_000_000n)
  const sender = await chain.createSender()
  const domain = { chainId: chain.chain.id, verifyingContract: address }
  const types = { SafeMessage: [{ name: 'message', type: 'bytes' }] } as const
  return {
    deploy: () => sendFrom(chain, sender, safe.factory, factoryData),
    account: await createSmartAccount(chain, {
      address,
      factory: safe.factory,
      factoryData,
      sign: async (message) => {
        const data = { domain, types, primaryType: 'SafeMessage', message: { message } } as const
        const signatures = await Promise.all(owners.map((owner) => owner.signTypedData(data)))
        return `0x${signatures.map((one) => one.slice(2)).join('')}`
      },
    }),
  }
}

function createWallet(own: SmartAccount): AgentWallet {
  return createAgentWallet({
    keyStore: account(own),
    policy: [allowHosts(['http://127.0.0.1:*']), spendingLimit({ dailyLimitUsd: 1 })],
    chains: [evm({ network, clients: [createPublicClient({ chain: chain.chain, transport: http() })] })],
  })
}

describe('a smart account at an official server', () => {
  test.each([1, 2])('pays from a Safe of %i owners', async (count) => {
    const { account: own, deploy } = await createSafe(count)
    await deploy()
    const wallet = createWallet(own)
    const response = await wallet.fetch(`${server.url}/paid`)
    expect(response.status).toBe(200)
    const transfers = await chain.transfersFrom(own.address)
    expect(transfers).toMatchObject([{ to: server.payTo, value: 10_000n }])
    expect(getPayment(response)).toMatchObject({ receipt: { transaction: transfers[0]?.transaction } })
    await chain.publicClient.request({ method: 'anvil_mine' as never, params: ['0x40'] as never })
    expect(await wallet.reconcile()).toMatchObject({
      confirmed: [{ receipt: { status: 'confirmed', amount: 10_000n } }],
    })
  })

  test('pays from a Safe that nobody has deployed yet, which the payment deploys', async () => {
    const { account: own } = await createSafe(1)
    expect(await chain.publicClient.getCode({ address: own.address })).toBeUndefined()
    const wallet = createWallet(own)
    expect((await wallet.fetch(`${server.url}/paid`)).status).toBe(200)
    expect(await chain.transfersFrom(own.address)).toMatchObject([{ to: server.payTo, value: 10_000n }])
    expect(await chain.publicClient.getCode({ address: own.address })).toBeDefined()
    expect((await wallet.fetch(`${server.url}/paid`)).status).toBe(200)
    expect(await chain.transfersFrom(own.address)).toHaveLength(2)
  })

  test('counts as spent what a facilitator that deploys no Safes does not settle', async () => {
    const other = await startServer({ facilitator: stranger, price: '$0.01' })
    try {
      const { account: own } = await createSafe(1)
      const wallet = createWallet(own)
      const error = await rejection(wallet.fetch(`${other.url}/paid`))
      expect(error).toMatchObject({ code: 'payment_rejected', moved: 'maybe' })
      expect(await spentBy(wallet)).toBe(10_000n)
      expect(await chain.transfersFrom(own.address)).toEqual([])
    } finally {
      await other.close()
    }
  })

  test.each([true, false])('pays from a key that acts by code (delegated: %s)', async (isDelegated) => {
    const owner = privateKeyToAccount(generatePrivateKey())
    await chain.mint(owner.address, 1_000_000n)
    if (isDelegated) {
      const sender = createWalletClient({
        account: privateKeyToAccount((await chain.createSender()).privateKey),
        chain: chain.chain,
        transport: http(),
      })
      const authorization = await owner.signAuthorization({ address: simple7702, chainId: chain.chain.id, nonce: 0 })
      const hash: Hex = await sender.sendTransaction({ to: zeroAddress, authorizationList: [authorization] })
      await chain.publicClient.waitForTransactionReceipt({ hash })
      expect(await chain.publicClient.getCode({ address: owner.address })).toMatch(/^0xef0100/)
    }
    const own = await toSimple7702SmartAccount({ client: chain.publicClient, owner, implementation: simple7702 })
    const wallet = createWallet(own)
    expect((await wallet.fetch(`${server.url}/paid`)).status).toBe(200)
    expect(await chain.transfersFrom(owner.address)).toMatchObject([{ to: server.payTo, value: 10_000n }])
  })
})
