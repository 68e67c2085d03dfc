import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  type AgentWallet,
  type AgentWalletOptions,
  allowHosts,
  circuitBreaker,
  ConfigurationError,
  createAgentWallet,
  exactEvm,
  maxLiveHolds,
  memoryLedger,
  maxPayments,
  narrowToken,
  policyFromJSON,
  priceMemory,
  spendingLimit,
  timeWindow,
  uptoEvm,
  wrapFetch,
} from 'stipend'
import { call, refill } from 'stipend/actions'
import { withPayments as withAgentPayments } from 'stipend/a2a'
import { walletTools as aiSdkTools } from 'stipend/ai-sdk'
import { createClient } from 'stipend/client'
import { discover } from 'stipend/discovery'
import { durableObjectLedger } from 'stipend/durable-object'
import { evm } from 'stipend/evm'
import { createHandler, notify, readWebhook, serve, webhook } from 'stipend/http'
import {
  changePassword,
  encryptedFile,
  evmKey,
  exportKey,
  generate,
  generateMnemonic,
  importKeys,
  mnemonic,
  privateKey,
  remoteSigner,
  workerSigner,
} from 'stipend/keys'
import { createLeanWallet } from 'stipend/lean'
import { walletTools as langchainTools } from 'stipend/langchain'
import { createMcpServer, withPayments } from 'stipend/mcp'
import { l402 } from 'stipend/l402'
import { mpp } from 'stipend/mpp'
import { chargeTempo } from 'stipend/tempo'
import { blockPrivateNetworks } from 'stipend/node'
import { walletTools as openaiTools } from 'stipend/openai-agents'
import { instrument } from 'stipend/opentelemetry'
import { postgresLedger } from 'stipend/postgres'
import { exactSolana, solana } from 'stipend/solana'
import { signedReceipts } from 'stipend/receipts'
import { signInWithMpp, signInWithX } from 'stipend/sign-in'
import { sqliteLedger } from 'stipend/sqlite'
import { mock402, paidResource, testKeyStore, toolsGauntlet } from 'stipend/testing'
import { paymentTools } from 'stipend/tools'
import { readEntries } from '../scripts/entries.ts'
import { topUp } from './support/refill-options.ts'
import { openShop } from './support/shop.ts'
import { rejection } from './support/wallets.ts'

type Wrong = Readonly<Record<string, unknown>>

const url = 'https://shop.example.com/report'
const address = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C'
const network = 'eip155:84532'
const shop = openShop()
const wallet = shop.open()
const client = createClient({ baseUrl: 'http://127.0.0.1:9', sessionToken: 'x' })
const agentClient = { transport: { endpoint: url }, sendMessage: async () => ({}) }
const mcpClient = { transport: undefined, request: async () => ({}) }
const key = { path: '/nowhere/keys.json', password: 'long-enough' }
const asset = { network: 'eip155:1', address, symbol: 'X', decimals: 6, eip712: { name: 'X', version: '1' } } as const

const abi = [{ type: 'function', name: 'pay', inputs: [], outputs: [], stateMutability: 'nonpayable' }]
const sats = { wallet: { payInvoice: async () => ({ preimage: '' }) }, btcUsd: '100000' }
const own = { name: 'own', network, to: address, abi, function: 'pay' } as const

/**
 * What takes each of the public types of options, called with something wrong beside what it needs. A new type of options
 * belongs here.
 */
const readers: Readonly<Record<string, readonly ((wrong: Wrong) => unknown)[]>> = {
  'stipend/actions AllowancesOptions': [(wrong) => wallet.allowances(wrong)],
  'stipend/actions CallOptions': [
    (wrong) => call({ ...own, ...wrong }),
    (wrong) => call({ ...own, outflows: [{ token: 'USDC', atMost: '1', ...wrong }] }),
    (wrong) => call({ ...own, inflows: [{ token: 'USDC', atLeast: '1', ...wrong }] }),
  ],
  'stipend/actions RefillOptions': [(wrong) => refill({ ...topUp, ...wrong })],
  'stipend/actions RevokeOptions': [(wrong) => wallet.revoke({ network, token: 'USDC', spender: address, ...wrong })],
  'stipend AgentWalletOptions': [(wrong) => createAgentWallet({ keyStore: testKeyStore(), ...wrong })],
  'stipend AssetInput': [(wrong) => createAgentWallet({ keyStore: testKeyStore(), assets: [{ ...asset, ...wrong }] })],
  'stipend HostOptions': [
    (wrong) => allowHosts(['api.example.com'], wrong),
    (wrong) => policyFromJSON([{ type: 'pinPayee' }], wrong),
  ],
  'stipend PaymentOptions': [
    (wrong) => wallet.fetch(url, { payment: { ...wrong } }),
    (wrong) => wallet.session({}).fetch(url, { payment: { ...wrong } }),
    (wrong) => wallet.quote(url, { payment: { ...wrong } }),
    (wrong) => client.x402Fetch(url, { payment: { ...wrong } }),
    (wrong) => withPayments(mcpClient as never, wallet).callTool({ name: 'x' }, { payment: { ...wrong } }),
    (wrong) => withAgentPayments(agentClient, wallet).sendMessage({} as never, { payment: { ...wrong } } as never),
  ],
  'stipend WrapFetchOptions': [(wrong) => wrapFetch(shop.fetch, wallet, wrong)],
  'stipend PaymentFilter': [
    (wrong) => wallet.payments.list(wrong),
    (wrong) => wallet.payments.export('csv', wrong),
    (wrong) => wallet.session({}).payments.list(wrong),
    (wrong) => client.getPayments(wrong),
  ],
  'stipend CircuitBreakerOptions': [(wrong) => circuitBreaker({ failures: 1, seconds: 1, ...wrong })],
  'stipend MaxLiveHoldsOptions': [(wrong) => maxLiveHolds(wrong)],
  'stipend MaxPaymentsOptions': [(wrong) => maxPayments({ count: 1, per: 'day', ...wrong })],
  'stipend SpendingLimitOptions': [(wrong) => spendingLimit({ perPaymentUsd: 1, ...wrong })],
  'stipend PriceMemoryOptions': [(wrong) => priceMemory({ maxRise: 0.1, ...wrong })],
  'stipend TierOptions': [(wrong) => spendingLimit({ instantMaxUsd: 1, ...wrong })],
  'stipend TimeWindowOptions': [(wrong) => timeWindow({ from: '09:00', ...wrong })],
  'stipend ExactEvmOptions': [(wrong) => exactEvm(wrong)],
  'stipend MemoryLedgerOptions': [(wrong) => memoryLedger(wrong)],
  'stipend/tools FindServicesOptions': [
    (wrong) => paymentTools(wallet, { findServices: { facilitator: url, ...wrong } }),
  ],
  'stipend/discovery DiscoverOptions': [(wrong) => discover(wallet, { facilitator: url, ...wrong })],
  'stipend/l402 L402Options': [(wrong) => l402({ ...sats, ...wrong }), (wrong) => l402({ ...sats, maxFee: wrong })],
  'stipend/mpp MppOptions': [(wrong) => mpp(wrong)],
  'stipend/tempo ChargeTempoOptions': [(wrong) => chargeTempo(wrong)],
  'stipend/receipts SignedReceiptsOptions': [(wrong) => signedReceipts(wrong)],
  'stipend/sign-in SignInOptions': [
    (wrong) => signInWithX({ hosts: ['api.example.com'], ...wrong }),
    (wrong) => signInWithMpp({ hosts: ['api.example.com'], ...wrong }),
  ],
  'stipend UptoEvmOptions': [(wrong) => uptoEvm(wrong)],
  'stipend SessionScope': [
    (wrong) => wallet.session(wrong),
    (wrong) => wallet.session({}).session(wrong),
    (wrong) => narrowToken('stipend_a.b', wrong),
    (wrong) => wallet.openSession('stipend_a.b', wrong),
  ],
  'stipend SessionLimits': [(wrong) => wallet.session({ limits: { totalLimitUsd: 1, ...wrong } })],
  'stipend ResolveOptions': [(wrong) => wallet.resolve('pay_', { as: 'paid', reason: 'seen', ...wrong })],
  'stipend TransferOptions': [
    (wrong) => wallet.transfer({ to: address, amount: '1', asset: 'USDC', network, ...wrong }),
  ],
  'stipend/client ClientOptions': [
    (wrong) => createClient({ baseUrl: 'http://127.0.0.1:9', sessionToken: 'x', ...wrong }),
  ],
  'stipend/durable-object DurableObjectLedgerOptions': [(wrong) => durableObjectLedger({} as never, wrong)],
  'stipend/evm EvmOptions': [(wrong) => evm({ network, clients: [{ request: async () => '' }], ...wrong })],
  'stipend/solana SolanaOptions': [
    (wrong) => solana({ network: 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp', rpcs: ['https://rpc.example'], ...wrong }),
  ],
  'stipend/solana ExactSolanaOptions': [(wrong) => exactSolana({ rpc: 'https://rpc.example', ...wrong })],
  'stipend/keys EncryptedFileOptions': [(wrong) => encryptedFile({ ...key, ...wrong })],
  'stipend/keys WorkerSignerOptions': [(wrong) => workerSigner({ ...key, ...wrong })],
  'stipend/keys RemoteSignerOptions': [(wrong) => remoteSigner({ address, sign: async () => '', ...wrong })],
  'stipend/keys MnemonicOptions': [(wrong) => mnemonic(generateMnemonic(), wrong)],
  'stipend/keys GenerateMnemonicOptions': [(wrong) => generateMnemonic(wrong), (wrong) => generate(wrong)],
  'stipend/keys PrivateKeyOptions': [
    (wrong) => privateKey('42'.repeat(32), wrong),
    (wrong) => evmKey('42'.repeat(32), wrong),
  ],
  'stipend/lean LeanWalletOptions': [(wrong) => createLeanWallet({ keyStore: testKeyStore(), ...wrong })],
  'stipend/keys KeyFileAccess': [
    (wrong) => changePassword({ ...key, newPassword: 'longer-still', ...wrong }),
    (wrong) => exportKey({ ...key, address, ...wrong }),
    (wrong) => importKeys({ ...key, from: [], ...wrong }),
  ],
  'stipend/keys KeySource': [
    (wrong) => importKeys({ ...key, from: { privateKey: '1'.repeat(64), ...wrong } }),
    (wrong) => importKeys({ ...key, from: { mnemonic: generateMnemonic(), ...wrong } }),
    (wrong) => importKeys({ ...key, from: { keystore: '{}', keystorePassword: 'x', ...wrong } }),
  ],
  'stipend/tools PaymentToolsOptions': [(wrong) => paymentTools(wallet, wrong)],
  'stipend/a2a WithPaymentsOptions': [(wrong) => withAgentPayments(agentClient as never, wallet, wrong)],
  'stipend/ai-sdk WalletToolsOptions': [(wrong) => aiSdkTools(wallet, wrong)],
  'stipend/langchain WalletToolsOptions': [(wrong) => langchainTools(wallet, wrong)],
  'stipend/openai-agents WalletToolsOptions': [(wrong) => openaiTools(wallet, wrong)],
  'stipend/mcp McpServerOptions': [(wrong) => createMcpServer(wallet, wrong)],
  'stipend/mcp WithPaymentsOptions': [(wrong) => withPayments(mcpClient as never, wallet, wrong)],
  'stipend/node BlockPrivateNetworksOptions': [(wrong) => blockPrivateNetworks(wrong)],
  'stipend/postgres PostgresLedgerOptions': [(wrong) => postgresLedger({ query: async () => ({ rows: [] }) }, wrong)],
  'stipend/sqlite SqliteLedgerOptions': [(wrong) => sqliteLedger(':memory:', wrong)],
  'stipend/testing Mock402Options': [(wrong) => mock402(wrong)],
  'stipend/testing ToolsGauntletOptions': [
    (wrong) => toolsGauntlet({ create: () => ({}), conversations: 0, ...wrong }),
  ],
  'stipend/testing PaidResourceOptions': [(wrong) => paidResource(wrong)],
  'stipend/testing TestKeyStoreOptions': [(wrong) => testKeyStore(wrong)],
  'stipend/http HandlerOptions': [
    (wrong) => createHandler({ wallet, masterPassword: 'long-enough-it-is', ...wrong }),
    (wrong) =>
      createHandler({ wallet, masterPassword: 'long-enough-it-is', policies: { store: shop.ledger, ...wrong } }),
  ],
  'stipend/http NotifyOptions': [(wrong) => notify(wallet, () => {}, wrong)],
  'stipend/opentelemetry InstrumentOptions': [(wrong) => instrument(wallet, wrong)],
  'stipend/http ServeOptions': [
    (wrong) => serve(async () => new Response(), wrong),
    (wrong) => serve(async () => new Response(), { tls: { cert: '', key: '', ...wrong } }),
  ],
  'stipend/http WebhookOptions': [
    (wrong) => webhook({ url: 'https://hooks.example/x', secret: 'sixteen-letters!', ...wrong }),
    (wrong) => readWebhook('', new Headers(), { secret: 'sixteen-letters!', ...wrong }),
  ],
}

/** Types that are no options of anybody's call of ours, and why. */
const others: Readonly<Record<string, string>> = {
  'stipend/actions ActOptions': 'of which each action reads its own parts',
  'stipend AuthorizeOptions': 'what a transport asks a wallet for',
  'stipend ReserveOptions': 'what a wallet tells its ledger',
  'stipend/ledger ReserveOptions': 'likewise',
  'stipend/ledger PaymentFilter': 'what a wallet asks its ledger for, once it is read',
  'stipend/mcp McpCallOptions': "what is handed on to the client's own SDK, which knows more of them",
  'stipend/a2a PayingMessageOptions': 'likewise, and payment, which is above',
  'stipend/mcp PayingToolOptions': 'likewise, and payment, which is above',
  'stipend/keys PrivateKeyInput': 'a key in one of its forms',
  'stipend LimitScope': 'a word',
  'stipend/ledger TimeSource': 'an answer',
  'stipend MicroUsdSource': 'an answer',
  'stipend/l402 PriceSource': 'an answer',
  ...toolInputs(
    'PayFetch FindServices Quote Swap MakeSwap Lend MakeLend Bridge MakeBridge Budget Payments ApprovalStatus',
  ),
}

function toolInputs(names: string): Readonly<Record<string, string>> {
  return Object.fromEntries(names.split(' ').map((name) => [`stipend/tools ${name}Input`, 'read by a strict schema']))
}

/** The public types whose name says that they are options, by their entry. */
function publicOptions(): readonly string[] {
  const shape = /\b[A-Z]\w*(?:Options|Scope|Limits|Input|Filter|Access|Source)\b/g
  return Object.entries(readEntries()).flatMap(([entry, file]) => {
    const exported = readFileSync(file, 'utf8').match(/^export (?:type )?(?:\{[^}]*\}|type \w+)/gm) ?? []
    return [...new Set(exported.flatMap((text) => text.match(shape) ?? []))].map((name) => `${entry} ${name}`)
  })
}

async function refusalOf(read: () => unknown): Promise<unknown> {
  return rejection((async () => read())())
}

describe('options', () => {
  test('are all known to this test', () => {
    expect(publicOptions().length).toBeGreaterThan(40)
    expect(publicOptions().toSorted()).toEqual([...Object.keys(readers), ...Object.keys(others)].toSorted())
  })

  test.each(
    Object.entries(readers).flatMap(([name, calls]) => calls.map((call, index) => [name, index, call] as const)),
  )('of %s (%i) are refused when one of them is not known', async (_name, _index, call) => {
    const error = await refusalOf(() => call({ maxUSd: 0.001 }))
    expect(error).toBeInstanceOf(ConfigurationError)
    expect(String(error)).toContain('it has no option maxUSd')
    expect(shop.keyStore.signed).toEqual([])
  })

  test('that are misspelt are told by the nearest that there is', async () => {
    const told = async (read: () => unknown) => String(await refusalOf(read))
    const wrong = (options: Wrong): never => options as never
    expect(await told(() => wallet.fetch(url, { payment: wrong({ maxUSD: 0.001 }) }))).toContain('Did you mean maxUsd?')
    expect(await told(() => spendingLimit(wrong({ dailyLimtUsd: 1 })))).toContain('Did you mean dailyLimitUsd?')
    expect(await told(() => wallet.session(wrong({ maxPayment: 1 })))).toContain('Did you mean maxPayments?')
    expect(await told(() => createAgentWallet(wrong({ keystore: 1 })))).toContain('Did you mean keyStore?')
    expect(await told(() => createAgentWallet(wrong({ maxInflight: 1 })))).toContain('Did you mean maxInFlight?')
    expect(await told(() => exactEvm(wrong({ ttl: 1 })))).toContain('It has maxValiditySeconds.')
    expect(await told(() => exactEvm(wrong({ 'ignore all\n': 1 })))).not.toContain('ignore')
  })

  test.each(['paymnet', 'payments', 'Payment', 'PAYMENT'])(
    'of a fetch called %s are found when something is to be paid, and nothing is',
    async (name) => {
      const init = { [name]: { maxUsd: 0.001 } }
      expect(String(await refusalOf(() => wallet.fetch(url, init)))).toContain('Did you mean payment?')
      expect(shop.keyStore.signed).toEqual([])
    },
  )

  test('of others pass: what a platform or a framework takes besides is not ours to know', async () => {
    const own = openShop()
    const init = { next: { revalidate: 60 }, duplex: 'half', dispatcher: undefined } as RequestInit
    expect([(await own.open().fetch(url, init)).status, own.keyStore.signed.length]).toEqual([200, 1])
  })

  test.each([null, 'x', 1])('that are no object are refused: %s', async (options) => {
    for (const call of [
      () => createAgentWallet(options as unknown as AgentWalletOptions),
      () => wrapFetch(shop.fetch, wallet as AgentWallet, options as never),
      () => spendingLimit(options as never),
      () => wallet.session(options as never),
    ])
      expect(await refusalOf(call)).toBeInstanceOf(ConfigurationError)
    expect(allowHosts(['a.example']).name).toBe('allowHosts')
  })
})
