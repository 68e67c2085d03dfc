import { type Abi, type Address, createTestClient, erc20Abi, http, parseAbi, parseEther } from 'viem'
import { startChain, type TestChain } from '../../examples/support/chain.ts'
import { constructAt, readArtifact } from './contracts.ts'
import { compileWithOpenZeppelin } from './openzeppelin.ts'

/** OpenZeppelin's own; and one of its kind that keeps the shares. */
const source = `
pragma solidity ^0.8.28;
import "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
contract Vault is ERC4626 {
  constructor(IERC20 token) ERC20("Vault", "vUSDC") ERC4626(token) {}
}
contract KeepingVault is ERC4626 {
  constructor(IERC20 token) ERC20("Vault", "kUSDC") ERC4626(token) {}
  function deposit(uint256 assets, address) public override returns (uint256) {
    return super.deposit(assets, address(this));
  }
}`

/** Where they stand. */
export const vault: Address = '0x0000000000000000000000000000000000004626'
export const keepingVault: Address = '0x0000000000000000000000000000000000004627'
export const weth: Address = '0x4200000000000000000000000000000000000006'

/** A chain with vaults of the test dollar, and the wrapped coin. */
export type VaultChain = TestChain & {
  readonly holds: (token: Address, owner: Address) => Promise<bigint>
  readonly allowance: (token: Address, owner: Address, spender: Address) => Promise<bigint>
  readonly passBlocks: () => Promise<void>
}

/** Starts it. */
export async function startVaults(): Promise<VaultChain> {
  const chain = await startChain()
  const { publicClient, token } = chain
  const admin = createTestClient({ chain: chain.chain, transport: http(), mode: 'anvil' })
  const { Vault = '0x', KeepingVault = '0x' } = compileWithOpenZeppelin('Vaults.sol', source)
  const abi = parseAbi(['constructor(address token)']) as unknown as Abi
  await constructAt(chain, vault, { abi, bytecode: Vault, args: [token] })
  await constructAt(chain, keepingVault, { abi, bytecode: KeepingVault, args: [token] })
  // What gas costs is high on a new chain.
  await admin.mine({ blocks: 20 })
  await constructAt(chain, weth, readArtifact('@uniswap/v2-periphery/build/WETH9.json'))
  await admin.setBalance({ address: weth, value: parseEther('1') })
  const read = { abi: erc20Abi } as const
  return {
    ...chain,
    holds: (address, owner) =>
      publicClient.readContract({ ...read, address, functionName: 'balanceOf', args: [owner] }),
    allowance: (address, owner, spender) =>
      publicClient.readContract({ ...read, address, functionName: 'allowance', args: [owner, spender] }),
    passBlocks: () => admin.mine({ blocks: 100, interval: 0 }),
  }
}
