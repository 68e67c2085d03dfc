import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Abi, type Address, createWalletClient, type Hex, http, parseAbi } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { TestChain } from '../../examples/support/chain.ts'
import { constructAt } from './contracts.ts'

const fromContracts = createRequire(new URL('../actions/contracts/package.json', import.meta.url))
const require = createRequire(import.meta.url)
const folder = dirname(fromContracts.resolve('@openzeppelin/contracts/package.json'))

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
  const { Art, Items } = compileSource()
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

function compileSource(): { readonly Art: Hex; readonly Items: Hex } {
  const sources: Record<string, { readonly content: string }> = {}
  const add = (name: string, content: string): void => {
    sources[name] = { content }
    for (const [, path = ''] of content.matchAll(/^import .*?"([^"]+)";/gm)) {
      const full = path.startsWith('.') ? join(dirname(name), path) : path
      if (sources[full]) continue
      add(full, readFileSync(join(folder, full.replace('@openzeppelin/contracts/', '')), 'utf8'))
    }
  }
  add('Nfts.sol', source)
  const settings = {
    evmVersion: 'cancun',
    optimizer: { enabled: true, runs: 200 },
    outputSelection: { 'Nfts.sol': { '*': ['evm.bytecode.object'] } },
  }
  const input = JSON.stringify({ language: 'Solidity', sources, settings })
  // The compiler reads a file to its end, but gives up on a pipe that is not full yet.
  const temporary = mkdtempSync(join(tmpdir(), 'stipend-solc-'))
  writeFileSync(join(temporary, 'input.json'), input)
  const stdin = openSync(join(temporary, 'input.json'), 'r')
  const run = spawnSync(process.execPath, [require.resolve('solc/solc.js'), '--standard-json'], {
    stdio: [stdin, 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64_000_000,
  })
  closeSync(stdin)
  rmSync(temporary, { recursive: true })
  if (run.status !== 0 || !run.stdout.includes('{'))
    throw new Error(`Failed to run solc: ${run.error?.message} ${run.stderr}`)
  const output = JSON.parse(run.stdout.slice(run.stdout.indexOf('{')))
  const compiled = output.contracts?.['Nfts.sol']
  if (!compiled) throw new Error(`Failed to compile: ${JSON.stringify(output.errors).slice(0, 2000)}`)
  const codeOf = (name: string): Hex => `0x${compiled[name].evm.bytecode.object}`
  return { Art: codeOf('Art'), Items: codeOf('Items') }
}
