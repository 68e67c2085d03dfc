import {
  type Address,
  type Chain,
  createPublicClient,
  createTestClient,
  createWalletClient,
  defineChain,
  type Hex,
  type HttpTransport,
  http,
  type PublicClient,
  parseAbi,
  parseEther,
  toHex,
} from 'viem'
import { generatePrivateKey, mnemonicToAccount, privateKeyToAccount } from 'viem/accounts'
import { startAnvil } from './anvil.ts'
import { compileTestUsd } from './compile.ts'
import { createSerial } from './serial.ts'

/** Base Sepolia's id and the address of its USDC: what every x402 package knows without being told. */
const chainId = 84532
const usdc: Address = '0x036CbD53842c5426634e7929541eC2318f3dCF7e'

/** The parts of the test token that tests call. */
export const testUsdAbi = parseAbi([
  'function balanceOf(address) view returns (uint256)',
  'function authorizationState(address, bytes32) view returns (bool)',
  'function DOMAIN_SEPARATOR() view returns (bytes32)',
  'function mint(address, uint256)',
  'function transferWithAuthorization(address, address, uint256, uint256, uint256, bytes32, uint8, bytes32, bytes32)',
  'function transferWithAuthorization(address, address, uint256, uint256, uint256, bytes32, bytes)',
  'function receiveWithAuthorization(address, address, uint256, uint256, uint256, bytes32, uint8, bytes32, bytes32)',
  'function cancelAuthorization(address, bytes32, uint8, bytes32, bytes32)',
  'function cancelAuthorization(address, bytes32, bytes)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
  'event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce)',
  'event AuthorizationCanceled(address indexed authorizer, bytes32 indexed nonce)',
])

/** An address and its key. */
export type KeyPair = { readonly address: Address; readonly privateKey: Hex }

/** One movement of the token. */
export type Transfer = {
  readonly from: Address
  readonly to: Address
  readonly value: bigint
  readonly transaction: Hex
}

/** A chain of a test's own, with the test token where Base Sepolia has its USDC. */
export type TestChain = {
  readonly url: string
  readonly chain: Chain
  readonly publicClient: PublicClient<HttpTransport, Chain>
  readonly token: Address
  /** The ten keys that anvil gives ether to, known to everybody. */
  readonly accounts: readonly KeyPair[]
  readonly balanceOf: (address: Address) => Promise<bigint>
  readonly authorizationState: (address: Address, nonce: Hex) => Promise<boolean>
  readonly mint: (to: Address, value: bigint) => Promise<void>
  /** Makes an address nobody has used, with that much of the token. */
  readonly createPayer: (value: bigint) => Promise<KeyPair>
  /** Makes an address nobody has used, with ether to pay for transactions. */
  readonly createSender: () => Promise<KeyPair>
  /** Lists the movements of the token out of an address, oldest first. */
  readonly transfersFrom: (from: Address) => Promise<readonly Transfer[]>
  readonly stop: () => Promise<void>
}

/** Starts a chain and puts the test token on it, by default where Base Sepolia has its own. */
export async function startChain({ id = chainId, token = usdc }: ChainOptions = {}): Promise<TestChain> {
  const code = compileTestUsd()
  const node = await startAnvil(id)
  const chain = describeChain(id, node.url)
  const client = createPublicClient({ chain, transport: http(), pollingInterval: 20, cacheTime: 0 })
  const admin = createTestClient({ chain, transport: http(), mode: 'anvil' })
  const accounts = wellKnownAccounts()
  const contract = { address: token, abi: testUsdAbi } as const
  await admin.setCode({ address: token, bytecode: code })

  const mint = createMint(client, token, accounts)
  return {
    url: node.url,
    chain,
    publicClient: client,
    token,
    accounts,
    mint,
    balanceOf: (address) => client.readContract({ ...contract, functionName: 'balanceOf', args: [address] }),
    authorizationState: (address, nonce) =>
      client.readContract({ ...contract, functionName: 'authorizationState', args: [address, nonce] }),
    async createPayer(value) {
      const payer = createKeyPair()
      await mint(payer.address, value)
      return payer
    },
    async createSender() {
      const sender = createKeyPair()
      await admin.setBalance({ address: sender.address, value: parseEther('100') })
      return sender
    },
    transfersFrom: (from) => readTransfers(client, token, from),
    stop: node.stop,
  }
}

type ChainOptions = { readonly id?: number; readonly token?: Address }

function describeChain(id: number, url: string): Chain {
  return defineChain({
    id,
    name: `Chain ${id} on loopback`,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [url] } },
  })
}

function wellKnownAccounts(): readonly KeyPair[] {
  return Array.from({ length: 10 }, (_, addressIndex) => {
    const account = mnemonicToAccount('test test test test test test test test test test test junk', { addressIndex })
    return { address: account.address, privateKey: toHex(account.getHdKey().privateKey ?? new Uint8Array()) }
  })
}

function createMint(
  client: PublicClient<HttpTransport, Chain>,
  token: Address,
  accounts: readonly KeyPair[],
): TestChain['mint'] {
  const minter = createWalletClient({ chain: client.chain, transport: http(), account: accounts[0]?.address ?? '0x' })
  const inTurn = createSerial()
  return async (to, value) => {
    const call = { address: token, abi: testUsdAbi, functionName: 'mint', args: [to, value] } as const
    await client.waitForTransactionReceipt({ hash: await inTurn(() => minter.writeContract(call)) })
  }
}

function createKeyPair(): KeyPair {
  const privateKey = generatePrivateKey()
  return { address: privateKeyToAccount(privateKey).address, privateKey }
}

async function readTransfers(
  client: PublicClient<HttpTransport, Chain>,
  token: Address,
  from: Address,
): Promise<readonly Transfer[]> {
  const logs = await client.getContractEvents({
    address: token,
    abi: testUsdAbi,
    eventName: 'Transfer',
    args: { from },
    fromBlock: 0n,
    strict: true,
  })
  return logs.map((log) => ({ ...log.args, transaction: log.transactionHash }))
}
