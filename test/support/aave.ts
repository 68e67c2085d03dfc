import {
  type Abi,
  type Address,
  createTestClient,
  createWalletClient,
  erc20Abi,
  type Hex,
  http,
  maxUint256,
  parseAbi,
  parseEther,
  stringToHex,
  zeroAddress,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { KeyPair, TestChain } from '../../examples/support/chain.ts'
import { constructAt, readArtifact } from './contracts.ts'

/** Where the pool of Aave v3 stands on Base Sepolia. */
const pool: Address = '0x8bAB6d1b75f19e9eD9fCe8b9BD338844fF79aE27'
const weth: Address = '0x4200000000000000000000000000000000000006'
const provider: Address = '0x000000000000000000000000000000000000a001'
const manager: Address = '0x000000000000000000000000000000000000a002'
const oracle: Address = '0x000000000000000000000000000000000000a003'
const rates: Address = '0x000000000000000000000000000000000000a004'
const treasury: Address = '0x000000000000000000000000000000000000a0ff'
const [poolCode, configuratorCode, aToken, stableDebt, variableDebt] = [5, 6, 7, 8, 9].map(
  (last): Address => `0x${`a00${last}`.padStart(40, '0')}`,
) as [Address, Address, Address, Address, Address]
const libraries = [
  'BorrowLogic',
  'SupplyLogic',
  'BridgeLogic',
  'EModeLogic',
  'FlashLoanLogic',
  'LiquidationLogic',
  'PoolLogic',
  'ConfiguratorLogic',
].map((name, index) => ({ name, address: `0x${`b00${index + 1}`.padStart(40, '0')}` as Address }))

const poolAbi = parseAbi([
  'function supply(address, uint256, address, uint16)',
  'function borrow(address, uint256, uint256, uint16, address)',
])
const ray = 10n ** 27n

/** A chain with Aave v3, which has the test dollar and the wrapped coin. */
export type AaveChain = TestChain & {
  readonly pool: Address
  readonly weth: Address
  readonly aUsdc: Address
  readonly holds: (token: Address, owner: Address) => Promise<bigint>
  readonly allowance: (token: Address, owner: Address) => Promise<bigint>
  readonly pause: (isPaused: boolean) => Promise<void>
  readonly freeze: (isFrozen: boolean) => Promise<void>
  /** In whole tokens; 0 is no cap. */
  readonly setSupplyCap: (cap: bigint) => Promise<void>
  /** Somebody else takes so much of the dollars out as a loan. */
  readonly borrow: (amount: bigint) => Promise<void>
  readonly wrap: (owner: KeyPair, value: bigint) => Promise<void>
  /** Lets so many seconds pass, in which interest accrues. */
  readonly passTime: (seconds: number) => Promise<void>
  readonly passBlocks: () => Promise<void>
  readonly setAutomine: (on: boolean) => Promise<void>
}

/** Puts Aave v3 on a chain, with ten thousand dollars supplied, and half of them lent at a high rate. */
export async function withAave(chain: TestChain): Promise<AaveChain> {
  const [, , , owner] = chain.accounts
  if (!owner) throw new Error('the chain has no accounts')
  const by = (account: KeyPair) => writer(chain, account)
  const write = by(owner)
  await construct(chain, owner.address, write)
  const market = read('configuration/PoolAddressesProvider').abi
  const { publicClient } = chain
  const configurator = (await publicClient.readContract({
    address: provider,
    abi: market,
    functionName: 'getPoolConfigurator',
  })) as Address
  const configure = (functionName: string, args: readonly unknown[]) =>
    write(configurator, { abi: read('pool/PoolConfigurator').abi, functionName, args })
  await configure('initReserves', [[reserveOf(chain.token, 6), reserveOf(weth, 18)]])
  for (const asset of [chain.token, weth]) {
    await configure('setReserveBorrowing', [asset, true])
    await configure('configureReserveAsCollateral', [asset, 8000, 8500, 10_500])
  }
  const { abi } = readArtifact(`${contracts}/mocks/oracle/PriceOracle.sol/PriceOracle.json`)
  const setPrice = { abi, functionName: 'setAssetPrice' }
  await write(oracle, { ...setPrice, args: [chain.token, 10n ** 8n] })
  await write(oracle, { ...setPrice, args: [weth, 2000n * 10n ** 8n] })
  const { aTokenAddress } = (await publicClient.readContract({
    address: pool,
    abi: read('pool/Pool').abi,
    functionName: 'getReserveData',
    args: [chain.token],
  })) as { readonly aTokenAddress: Address }
  const admin = createTestClient({ chain: chain.chain, transport: http(), mode: 'anvil' })
  const wrap = (account: KeyPair, value: bigint) =>
    by(account)(weth, { abi: parseAbi(['function deposit() payable']), functionName: 'deposit', args: [], value })
  await fill(chain, owner, wrap)
  return {
    ...chain,
    pool,
    weth,
    aUsdc: aTokenAddress,
    holds: (address, of) =>
      publicClient.readContract({ address, abi: erc20Abi, functionName: 'balanceOf', args: [of] }),
    allowance: (address, of) =>
      publicClient.readContract({ address, abi: erc20Abi, functionName: 'allowance', args: [of, pool] }),
    pause: (isPaused) => configure('setReservePause', [chain.token, isPaused]),
    freeze: (isFrozen) => configure('setReserveFreeze', [chain.token, isFrozen]),
    setSupplyCap: (cap) => configure('setSupplyCap', [chain.token, cap]),
    borrow: (amount) =>
      write(pool, { abi: poolAbi, functionName: 'borrow', args: [chain.token, amount, 2n, 0, owner.address] }),
    wrap,
    passTime: async (seconds) => {
      await admin.increaseTime({ seconds })
      await admin.mine({ blocks: 1 })
    },
    passBlocks: () => admin.mine({ blocks: 100, interval: 0 }),
    setAutomine: (on) => admin.setAutomine(on),
  }
}

const contracts = '@aave/core-v3/artifacts/contracts'

/** Reads a contract of the protocol, with the addresses of its libraries filled in. */
function read(path: string): { readonly abi: Abi; readonly bytecode: Hex } {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const { abi, bytecode, links } = readArtifact(`${contracts}/protocol/${path}.sol/${name}.json`)
  return { abi, bytecode: link(bytecode, links) }
}

function link(bytecode: Hex, links: ReturnType<typeof readArtifact>['links']): Hex {
  let linked: string = bytecode
  for (const [name, places] of Object.values(links).flatMap((file) => Object.entries(file))) {
    const library = libraries.find((one) => one.name === name)
    if (!library) throw new Error(`no library ${name} is known`)
    for (const { start, length } of places) {
      const [from, to] = [2 + 2 * start, 2 + 2 * (start + length)]
      linked = `${linked.slice(0, from)}${library.address.slice(2)}${linked.slice(to)}`
    }
  }
  return linked as Hex
}

type Call = {
  readonly abi: Abi | readonly unknown[]
  readonly functionName: string
  readonly args: readonly unknown[]
  readonly value?: bigint
}
type Write = (to: Address, call: Call) => Promise<void>

function writer({ chain, publicClient }: TestChain, { privateKey }: KeyPair): Write {
  const sender = createWalletClient({ chain, transport: http(), account: privateKeyToAccount(privateKey) })
  return async (address, call) => {
    // Not what a node estimates: in the next block interest has accrued, and more is written.
    const hash = await sender.writeContract({ address, gas: 12_000_000n, ...call } as never)
    const { status } = await publicClient.waitForTransactionReceipt({ hash })
    if (status !== 'success') throw new Error(`Failed to ${call.functionName} at ${address}`)
  }
}

/** The order is the protocol's: each is told of those before it. */
async function construct(chain: TestChain, owner: Address, write: Write): Promise<void> {
  await constructAt(chain, weth, readArtifact('@uniswap/v2-periphery/build/WETH9.json'))
  for (const { name, address } of libraries) await constructAt(chain, address, read(`libraries/logic/${name}`))
  const market = read('configuration/PoolAddressesProvider')
  await constructAt(chain, provider, { ...market, args: ['test', owner] })
  const tell = (functionName: string, args: readonly unknown[]) =>
    write(provider, { abi: market.abi, functionName, args })
  await tell('setACLAdmin', [owner])
  const roles = read('configuration/ACLManager')
  await constructAt(chain, manager, { ...roles, args: [provider] })
  await tell('setACLManager', [manager])
  for (const role of ['addPoolAdmin', 'addEmergencyAdmin'])
    await write(manager, { abi: roles.abi, functionName: role, args: [owner] })
  await constructAt(chain, oracle, readArtifact(`${contracts}/mocks/oracle/PriceOracle.sol/PriceOracle.json`))
  await tell('setPriceOracle', [oracle])
  await constructAt(chain, poolCode, { ...read('pool/Pool'), args: [provider] })
  const proxy = read('libraries/aave-upgradeability/InitializableImmutableAdminUpgradeabilityProxy')
  await constructAt(chain, pool, { ...proxy, args: [provider] })
  await tell('setAddress', [stringToHex('POOL', { size: 32 }), pool])
  await tell('setPoolImpl', [poolCode])
  await constructAt(chain, configuratorCode, read('pool/PoolConfigurator'))
  await tell('setPoolConfiguratorImpl', [configuratorCode])
  await constructAt(chain, aToken, { ...read('tokenization/AToken'), args: [pool] })
  await constructAt(chain, stableDebt, { ...read('tokenization/StableDebtToken'), args: [pool] })
  await constructAt(chain, variableDebt, { ...read('tokenization/VariableDebtToken'), args: [pool] })
  const strategy = read('pool/DefaultReserveInterestRateStrategy')
  const shares = [(ray * 8n) / 10n, ray, ray, 3n * ray, ray, 3n * ray, 0n, 0n, (ray * 2n) / 10n]
  await constructAt(chain, rates, { ...strategy, args: [provider, ...shares] })
}

function reserveOf(underlyingAsset: Address, underlyingAssetDecimals: number) {
  return {
    aTokenImpl: aToken,
    stableDebtTokenImpl: stableDebt,
    variableDebtTokenImpl: variableDebt,
    underlyingAssetDecimals,
    interestRateStrategyAddress: rates,
    underlyingAsset,
    treasury,
    incentivesController: zeroAddress,
    aTokenName: 'aToken',
    aTokenSymbol: 'aToken',
    variableDebtTokenName: 'variable debt',
    variableDebtTokenSymbol: 'variable',
    stableDebtTokenName: 'stable debt',
    stableDebtTokenSymbol: 'stable',
    // It may not be empty.
    params: '0x10',
  }
}

/** Somebody supplies dollars; somebody else supplies the coin, and borrows half of the dollars. */
async function fill(chain: TestChain, owner: KeyPair, wrap: AaveChain['wrap']): Promise<void> {
  const write = writer(chain, owner)
  await chain.mint(owner.address, 10_000_000_000n)
  await wrap(owner, parseEther('100'))
  for (const [token, amount] of [
    [chain.token, 10_000_000_000n],
    [weth, parseEther('100')],
  ] as const) {
    await write(token, { abi: erc20Abi, functionName: 'approve', args: [pool, maxUint256] })
    await write(pool, { abi: poolAbi, functionName: 'supply', args: [token, amount, owner.address, 0] })
  }
  const args = [chain.token, 5_000_000_000n, 2n, 0, owner.address]
  await write(pool, { abi: poolAbi, functionName: 'borrow', args })
}
