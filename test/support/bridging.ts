import {
  type Address,
  createTestClient,
  encodeFunctionData,
  http,
  maxUint256,
  pad,
  parseAbi,
  parseAbiItem,
  zeroAddress,
} from 'viem'
import { spokePools } from '../../src/assets/pinned-contracts.js'
import { type KeyPair, startChain, type TestChain } from '../../examples/support/chain.ts'
import { compile } from '../../examples/support/compile.ts'
import { send } from '../../examples/support/exchange.ts'

const abi = parseAbi([
  'struct Relay { bytes32 depositor; bytes32 recipient; bytes32 exclusiveRelayer; bytes32 inputToken; bytes32 outputToken; uint256 inputAmount; uint256 outputAmount; uint256 originChainId; uint256 depositId; uint32 fillDeadline; uint32 exclusivityDeadline; bytes message; }',
  'function fillRelay(Relay relayData, uint256 repaymentChainId, bytes32 repaymentAddress)',
  'function approve(address, uint256) returns (bool)',
  'function allowance(address, address) view returns (uint256)',
])
const deposited = parseAbiItem(
  'event FundsDeposited(bytes32 inputToken, bytes32 outputToken, uint256 inputAmount, uint256 outputAmount, uint256 indexed destinationChainId, uint256 indexed depositId, uint32 quoteTimestamp, uint32 fillDeadline, uint32 exclusivityDeadline, bytes32 indexed depositor, bytes32 recipient, bytes32 exclusiveRelayer, bytes message)',
)
const idOf = { from: 84532, to: 421614 } as const
const tokenThere: Address = '0x75faf114eafb1BDbe2F0316DF893fd58CE46AA4d'

/** Two chains, between which somebody pays deposits out when a test says so. */
export type BridgedChains = {
  readonly from: TestChain
  readonly to: TestChain
  readonly pools: { readonly from: Address; readonly to: Address }
  /** Pays out the latest deposit of an account, on the other chain. */
  readonly fill: (depositor: Address) => Promise<void>
  readonly allowance: (owner: Address) => Promise<bigint>
  readonly passTime: (seconds: number) => Promise<void>
  readonly passBlocks: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** Starts them, with pools of the tests' own where Across has its own, or with what is put there. */
export async function startBridged(
  put: (chain: TestChain, pool: Address) => Promise<void> = putOwn,
): Promise<BridgedChains> {
  const [from, to] = await Promise.all([startChain(), startChain({ id: idOf.to, token: tokenThere })])
  const pools = { from: poolOf(idOf.from), to: poolOf(idOf.to) }
  await Promise.all([put(from, pools.from), put(to, pools.to)])
  const admins = [from, to].map(({ chain }) => createTestClient({ chain, transport: http(), mode: 'anvil' }))
  // What gas costs is high on a new chain.
  for (const admin of admins) await admin.mine({ blocks: 40 })
  const relayer = await to.createSender()
  await to.mint(relayer.address, 1_000_000_000n)
  const approval = encodeFunctionData({ abi, functionName: 'approve', args: [pools.to, maxUint256] })
  await send(to, relayer, to.token, approval)
  return {
    from,
    to,
    pools,
    fill: async (depositor) => fill({ from, to, pools, relayer }, depositor),
    allowance: (owner) =>
      from.publicClient.readContract({
        abi,
        address: from.token,
        functionName: 'allowance',
        args: [owner, pools.from],
      }),
    passTime: async (seconds) => {
      for (const admin of admins) {
        await admin.increaseTime({ seconds })
        await admin.mine({ blocks: 1 })
      }
    },
    passBlocks: async () => {
      for (const admin of admins) await admin.mine({ blocks: 100, interval: 0 })
    },
    stop: async () => {
      await Promise.all([from.stop(), to.stop()])
    },
  }
}

function poolOf(id: number): Address {
  return spokePools[`eip155:${id}`] ?? zeroAddress
}

async function putOwn({ chain }: TestChain, address: Address): Promise<void> {
  const { SpokePool = '0x' } = compile(new URL('SpokePool.sol', import.meta.url))
  await createTestClient({ chain, transport: http(), mode: 'anvil' }).setCode({ address, bytecode: SpokePool })
}

type Filling = Pick<BridgedChains, 'from' | 'to' | 'pools'> & { readonly relayer: KeyPair }

async function fill({ from, to, pools, relayer }: Filling, depositor: Address): Promise<void> {
  const logs = await from.publicClient.getLogs({
    address: pools.from,
    event: deposited,
    args: { depositor: pad(depositor) },
    fromBlock: 0n,
    strict: true,
  })
  const args = logs.at(-1)?.args
  if (!args) throw new Error('nothing was deposited')
  const data = encodeFunctionData({
    abi,
    functionName: 'fillRelay',
    args: [{ ...args, originChainId: BigInt(idOf.from) }, BigInt(idOf.to), pad(relayer.address)],
  })
  await send(to, relayer, pools.to, data)
}
