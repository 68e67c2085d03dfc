import { createRequire } from 'node:module'
import {
  type Abi,
  type Address,
  concatHex,
  createTestClient,
  createWalletClient,
  encodeDeployData,
  type Hex,
  http,
  parseEther,
} from 'viem'
import type { TestChain } from '../../examples/support/chain.ts'

/** Contracts as their authors publish them; `npm run test:actions` installs them. */
const require = createRequire(new URL('../actions/contracts/package.json', import.meta.url))

/** Where code has the address of a library, by the file and name of that, in bytes. */
type Links = Readonly<
  Record<string, Readonly<Record<string, readonly { readonly start: number; readonly length: number }[]>>>
>

type Artifact = { readonly abi: Abi; readonly bytecode: string; readonly linkReferences?: Links }

/** Reads a contract's ABI, the code that constructs it, and where addresses of libraries go into that. */
export function readArtifact(path: string): { readonly abi: Abi; readonly bytecode: Hex; readonly links: Links } {
  const { abi, bytecode, linkReferences: links = {} } = require(path) as Artifact
  return { abi, bytecode: bytecode.startsWith('0x') ? (bytecode as Hex) : `0x${bytecode}`, links }
}

/** Reads a package of the same folder, which knows where contracts are. */
export function readOracle(name: string): unknown {
  return require(name)
}

/**
 * Puts a contract at an address of choice, constructed there: what it writes is its own, and what it knows of its address
 * is right.
 */
export async function constructAt(
  { chain, publicClient }: TestChain,
  address: Address,
  { abi, bytecode, args = [] }: { readonly abi: Abi; readonly bytecode: Hex; readonly args?: readonly unknown[] },
): Promise<void> {
  const admin = createTestClient({ chain, transport: http(), mode: 'anvil' })
  const code = args.length > 0 ? encodeDeployData({ abi, bytecode, args } as never) : bytecode
  // Run where it stands, the code that constructs answers the code that stays; as a transaction, it also writes.
  await admin.setCode({ address, bytecode: code })
  const builder: Address = '0x00000000000000000000000000000000000b0b00'
  const call = { account: builder, to: address, gas: 15_000_000n } as const
  const { data } = await publicClient.call(call)
  if (data === undefined) throw new Error(`Failed to construct at ${address}`)
  await admin.impersonateAccount({ address: builder })
  await admin.setBalance({ address: builder, value: parseEther('10') })
  const sender = createWalletClient({ chain, transport: http(), account: builder })
  const hash = await sender.sendTransaction({ to: address, gas: 15_000_000n })
  await publicClient.waitForTransactionReceipt({ hash })
  await admin.setCode({ address, bytecode: data })
}

/** Puts code that was compiled to stand at an address there. */
export async function putAt({ chain }: TestChain, address: Address, code: Hex): Promise<void> {
  await createTestClient({ chain, transport: http(), mode: 'anvil' }).setCode({ address, bytecode: concatHex([code]) })
}
