import { type Abi, type Address, createWalletClient, http, parseAbi } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { TestChain } from '../../examples/support/chain.ts'
import { constructAt } from './contracts.ts'
import { compileWithOpenZeppelin } from './openzeppelin.ts'

/** OpenZeppelin's own, with nothing added but that anyone may mint. */
const source = `
pragma solidity ^0.8.28;
import "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
contract Art is ERC721("Art", "ART") {
  function mint(address to, uint256 id) external { _mint(to, id); }
}
contract Items is ERC1155("") {
  function mint(address to, uint256 id, uint256 amount) external { _mint(to, id, amount, ""); }
}`

/** Where the collections stand. */
export const nfts = {
  art: '0x0000000000000000000000000000000000000721',
  items: '0x0000000000000000000000000000000000001155',
} as const satisfies Readonly<Record<string, Address>>

export const artAbi = parseAbi(['function mint(address, uint256)', 'function ownerOf(uint256) view returns (address)'])
export const itemsAbi = parseAbi([
  'function mint(address, uint256, uint256)',
  'function balanceOf(address, uint256) view returns (uint256)',
])

/** Puts OpenZeppelin's NFTs on a chain, and answers what mints them. */
export async function withNfts(chain: TestChain): Promise<{
  readonly mintArt: (to: Address, id: bigint) => Promise<void>
  readonly mintItems: (to: Address, id: bigint, amount: bigint) => Promise<void>
}> {
  const { Art = '0x', Items = '0x' } = compileWithOpenZeppelin('Nfts.sol', source)
  await constructAt(chain, nfts.art, { abi: artAbi as unknown as Abi, bytecode: Art })
  await constructAt(chain, nfts.items, { abi: itemsAbi as unknown as Abi, bytecode: Items })
  const [, , minter] = chain.accounts
  const account = privateKeyToAccount(minter?.privateKey ?? '0x')
  const sender = createWalletClient({ chain: chain.chain, transport: http(), account })
  const write = async (call: object): Promise<void> => {
    await chain.publicClient.waitForTransactionReceipt({ hash: await sender.writeContract(call as never) })
  }
  return {
    mintArt: (to, id) => write({ address: nfts.art, abi: artAbi, functionName: 'mint', args: [to, id] }),
    mintItems: (to, id, amount) =>
      write({ address: nfts.items, abi: itemsAbi, functionName: 'mint', args: [to, id, amount] }),
  }
}
