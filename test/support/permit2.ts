import {
  type Address,
  createTestClient,
  createWalletClient,
  encodeFunctionData,
  type Hex,
  http,
  keccak256,
  parseAbi,
  parseEther,
  publicActions,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { startAnvil } from '../../examples/support/anvil.ts'
import type { KeyPair, TestChain } from '../../examples/support/chain.ts'
import { compile, keepOnce } from '../../examples/support/compile.ts'

/** The addresses that Permit2 and what belongs to it have on every chain. */
export const permit2Addresses = {
  permit2: '0x000000000022D473030F116dDEE9F6B43aC78BA3',
  multicall: '0xcA11bde05977b3631167028862bE2a173976CA11',
  exact: '0x402085c248EeA27D92E8b30b2C58ed07f9E20001',
  upto: '0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002',
} as const satisfies Readonly<Record<string, Address>>

/** Uniswap's own code, and not something like it. */
const permit2Hash = '0x463331fa7a0d5f07488e42c37b461bb56a822145c161a821fbafe7d4e916b546'

/** What tests call of the token and of Permit2. */
export const allowanceAbi = parseAbi([
  'function allowance(address owner, address spender) view returns (uint256)',
  'function approve(address spender, uint256 value) returns (bool)',
  'function nonceBitmap(address owner, uint256 word) view returns (uint256)',
  'function invalidateUnorderedNonces(uint256 word, uint256 mask)',
])

/** A chain with Permit2 and x402's proxies on it. */
export type Permit2Chain = TestChain & {
  readonly allowanceOf: (owner: Address) => Promise<bigint>
  /** Lets Permit2 move so much of a payer's token, as an owner would: in a transaction of the payer's own. */
  readonly approve: (payer: KeyPair, value: bigint) => Promise<void>
  /** Sends a transaction of a payer's own, who is given what it costs. */
  readonly sendFrom: (payer: KeyPair, to: Address, data: Hex) => Promise<Hex>
  /** Puts code at an address. */
  readonly put: (address: Address, code: Hex) => Promise<void>
}

/** Puts the real Permit2 on a chain, and stand-ins for x402's proxies, whose code no package has. */
export async function withPermit2(chain: TestChain): Promise<Permit2Chain> {
  const admin = createTestClient({ chain: chain.chain, transport: http(), mode: 'anvil' })
  const put = (address: Address, bytecode: Hex): Promise<void> => admin.setCode({ address, bytecode })
  const { permit2, multicall } = await readUniswapCode()
  const { ExactPermit2Proxy, UptoPermit2Proxy } = compile(new URL('Permit2Proxies.sol', import.meta.url))
  if (!ExactPermit2Proxy || !UptoPermit2Proxy) throw new Error('the proxies were not compiled')
  await put(permit2Addresses.permit2, permit2)
  await put(permit2Addresses.multicall, multicall)
  await put(permit2Addresses.exact, ExactPermit2Proxy)
  await put(permit2Addresses.upto, UptoPermit2Proxy)
  const sendFrom = async ({ privateKey, address }: KeyPair, to: Address, data: Hex): Promise<Hex> => {
    await admin.setBalance({ address, value: parseEther('1') })
    const account = privateKeyToAccount(privateKey)
    const client = createWalletClient({ account, chain: chain.chain, transport: http() }).extend(publicActions)
    const hash = await client.sendTransaction({ to, data })
    await chain.publicClient.waitForTransactionReceipt({ hash })
    return hash
  }
  return {
    ...chain,
    put,
    sendFrom,
    allowanceOf: (owner) =>
      chain.publicClient.readContract({
        address: chain.token,
        abi: allowanceAbi,
        functionName: 'allowance',
        args: [owner, permit2Addresses.permit2],
      }),
    approve: async (payer, value) => {
      const args = [permit2Addresses.permit2, value] as const
      await sendFrom(payer, chain.token, encodeFunctionData({ abi: allowanceAbi, functionName: 'approve', args }))
    },
  }
}

type UniswapCode = { readonly permit2: Hex; readonly multicall: Hex }

/** Tempo's own network, which anvil comes with, has the contracts of Uniswap at their addresses. */
function readUniswapCode(): Promise<UniswapCode> {
  return keepOnce('uniswap', async () => {
    const tempo = await startAnvil(4217, ['--network', 'tempo'])
    try {
      const read = async (address: Address): Promise<Hex> => {
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getCode', params: [address, 'latest'] })
        const headers = { 'content-type': 'application/json' }
        const answer = await (await fetch(tempo.url, { method: 'POST', headers, body })).json()
        return Object(answer).result as Hex
      }
      const permit2 = await read(permit2Addresses.permit2)
      if (keccak256(permit2) !== permit2Hash) throw new Error("anvil's Permit2 is not Uniswap's")
      return { permit2, multicall: await read(permit2Addresses.multicall) }
    } finally {
      await tempo.stop()
    }
  })
}
