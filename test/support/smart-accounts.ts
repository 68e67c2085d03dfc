import {
  type Address,
  concatHex,
  createWalletClient,
  encodeAbiParameters,
  encodeFunctionData,
  hashTypedData,
  type Hex,
  http,
  keccak256,
  parseAbi,
} from 'viem'
import { entryPoint08Abi, entryPoint08Address, type SmartAccount, toSmartAccount } from 'viem/account-abstraction'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import type { KeyPair, TestChain } from '../../examples/support/chain.ts'
import { compile } from '../../examples/support/compile.ts'
import { putAt } from './contracts.ts'

/** Where the factory of the test's own accounts stands. */
export const accountFactory: Address = '0x00000000000000000000000000000000000face0'

const factoryAbi = parseAbi([
  'function create(address owner) returns (address)',
  'function accountOf(address owner) view returns (address)',
])
const accountAbi = parseAbi(['function lock()'])

/** Puts the factory on a chain. */
export async function withAccountFactory(chain: TestChain): Promise<void> {
  const { ContractAccountFactory } = compile(new URL('ContractAccount.sol', import.meta.url))
  if (!ContractAccountFactory) throw new Error('the factory was not compiled')
  await putAt(chain, accountFactory, ContractAccountFactory)
}

/** How a contract's account signs the 32 bytes of typed data, and how it is deployed. */
export type AccountOptions = {
  readonly address: Address
  readonly factory: Address
  readonly factoryData: Hex
  readonly sign: (digest: Hex) => Promise<Hex>
}

/** Makes an account of viem, which itself sees whether it is deployed, and wraps its signatures until then (ERC-6492). */
export function createSmartAccount(chain: TestChain, options: AccountOptions): Promise<SmartAccount> {
  const { address, factory, factoryData, sign } = options
  const none = async (): Promise<Hex> => '0x'
  return toSmartAccount({
    client: chain.publicClient,
    entryPoint: { abi: entryPoint08Abi, address: entryPoint08Address, version: '0.8' },
    getAddress: async () => address,
    getFactoryArgs: async () => ({ factory, factoryData }),
    signTypedData: async (data) => sign(hashTypedData(data as Parameters<typeof hashTypedData>[0])),
    signMessage: none,
    signUserOperation: none,
    getStubSignature: none,
    encodeCalls: none,
  })
}

/** An account of the test's own contract, with so much of the token. */
export type ContractAccount = {
  readonly account: SmartAccount
  readonly owner: KeyPair
  readonly deploy: () => Promise<void>
  /** From here on its contract takes no signature as its own. */
  readonly lock: () => Promise<void>
}

/** Makes an account that is not deployed yet, for a key that nobody has used. */
export async function createContractAccount(chain: TestChain, funds: bigint): Promise<ContractAccount> {
  const key = generatePrivateKey()
  const signer = privateKeyToAccount(key)
  const sender = await chain.createSender()
  const call = { address: accountFactory, abi: factoryAbi } as const
  const address = await chain.publicClient.readContract({ ...call, functionName: 'accountOf', args: [signer.address] })
  const factoryData = encodeFunctionData({ abi: factoryAbi, functionName: 'create', args: [signer.address] })
  const sign = async (digest: Hex): Promise<Hex> => {
    const hash = keccak256(encodeAbiParameters([{ type: 'address' }, { type: 'bytes32' }], [address, digest]))
    return concatHex([address, await signer.sign({ hash })])
  }
  await chain.mint(address, funds)
  const send = (to: Address, data: Hex): Promise<void> => sendFrom(chain, sender, to, data)
  return {
    account: await createSmartAccount(chain, { address, factory: accountFactory, factoryData, sign }),
    owner: { address: signer.address, privateKey: key },
    deploy: () => send(accountFactory, factoryData),
    lock: () => send(address, encodeFunctionData({ abi: accountAbi, functionName: 'lock' })),
  }
}

/** Sends a transaction of somebody who pays for it. */
export async function sendFrom(chain: TestChain, { privateKey }: KeyPair, to: Address, data: Hex): Promise<void> {
  const account = privateKeyToAccount(privateKey)
  const hash = await createWalletClient({ account, chain: chain.chain, transport: http() }).sendTransaction({
    to,
    data,
  })
  await chain.publicClient.waitForTransactionReceipt({ hash })
}
