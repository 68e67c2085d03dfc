import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { getAddress, type Hex, hashTypedData, http, createWalletClient, toFunctionSelector } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { evm, type EvmOptions } from '../../src/evm/index.js'
import { functions } from '../../src/evm/abi.js'
import {
  type AgentWallet,
  allowHosts,
  allowPayees,
  createAgentWallet,
  memoryLedger,
  spendingLimit,
} from '../../src/index.js'
import { account } from '../../src/keys/index.js'
import { paidResource } from '../../src/testing/index.js'
import { type KeyPair, startChain, type TestChain } from '../../examples/support/chain.ts'
import { compile } from '../../examples/support/compile.ts'
import { putAt } from '../support/contracts.ts'
import { withPermit2 } from '../support/permit2.ts'
import { type ContractAccount, createContractAccount, withAccountFactory } from '../support/smart-accounts.ts'
import { rejection } from '../support/wallets.ts'

const network = 'eip155:84532'
const payee = '0x00000000000000000000000000000000000000aa'
const url = 'http://127.0.0.1:4021/report'
const data = {
  domain: { name: 'USDC', version: '2', chainId: 84532, verifyingContract: payee },
  types: { Word: [{ name: 'word', type: 'uint256' }] },
  primaryType: 'Word',
  message: { word: 7n },
} as const
const digest = hashTypedData(data)

let chain: TestChain
let gas: KeyPair
let deployed: ContractAccount

beforeAll(async () => {
  chain = await withPermit2(await startChain())
  await withAccountFactory(chain)
  gas = await chain.createSender()
  deployed = await createContractAccount(chain, 1_000_000n)
  await deployed.deploy()
})
afterAll(() => chain?.stop())

const open = (options: Partial<EvmOptions> = {}) => evm({ network, clients: [chain.publicClient], ...options })
const check = (payer: string, signature: string, over: Hex = digest) =>
  open().contracts?.check({ payer, digest: over, signature })

describe('a chain', () => {
  test('is called by the names that its contracts have', () => {
    const names = {
      transferWithContract: 'transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)',
      cancelWithContract: 'cancelAuthorization(address,bytes32,bytes)',
      isValidSignature: 'isValidSignature(bytes32,bytes)',
      aggregate3: 'aggregate3((address,bool,bytes)[])',
    } as const
    for (const [name, signature] of Object.entries(names))
      expect(functions[name as keyof typeof names]).toBe(toFunctionSelector(signature))
  })

  test('says what the signature of a deployed contract is worth', async () => {
    const { account: own } = deployed
    const signature = await own.signTypedData(data)
    expect(signature).toHaveLength(2 + 85 * 2)
    expect(await check(own.address, signature)).toBeUndefined()
    const refused = /does not take the signature/
    expect(await check(own.address, signature, `0x${'01'.repeat(32)}`)).toMatch(refused)
    const other = await createContractAccount(chain, 0n)
    await other.deploy()
    expect(await check(other.account.address, signature)).toMatch(refused)
    await other.lock()
    expect(await check(other.account.address, await other.account.signTypedData(data))).toMatch(refused)
  })

  test('says it of a contract that is not deployed yet by deploying it, in a call that changes nothing', async () => {
    const { account: own } = await createContractAccount(chain, 0n)
    const signature = await own.signTypedData(data)
    expect(signature.endsWith('6492'.repeat(16))).toBe(true)
    expect(await check(own.address, signature)).toBeUndefined()
    expect(await check(own.address, signature, `0x${'01'.repeat(32)}`)).toMatch(/does not take the signature/)
    expect(await chain.publicClient.getCode({ address: own.address })).toBeUndefined()
    const { account: stranger } = await createContractAccount(chain, 0n)
    expect(await check(stranger.address, signature)).toMatch(/does not take the signature/)
  })

  test('takes a signature that says how to deploy its contract also once it is deployed', async () => {
    const late = await createContractAccount(chain, 0n)
    const signature = await late.account.signTypedData(data)
    await late.deploy()
    expect(await check(late.account.address, signature)).toBeUndefined()
    await late.lock()
    expect(await check(late.account.address, signature)).toMatch(/does not take the signature/)
  })

  test('takes the signature of a key that does not act by code yet, and no other of an address without code', async () => {
    const key = privateKeyToAccount(gas.privateKey)
    const signature = await key.signTypedData(data)
    expect(await check(key.address, signature)).toBeUndefined()
    expect(await check(payee, signature)).toMatch(/not deployed/)
    expect(await check(key.address, `0x${'ab'.repeat(85)}`)).toMatch(/not deployed/)
  })

  test.each<[string, string]>([
    ['no hex', 'yes'],
    ['half a byte', '0x123'],
    ['nothing', '0x'],
    ['too much', `0x${'ab'.repeat(2049)}`],
    ['a deployment that is cut off', `0x${'00'.repeat(70)}${'6492'.repeat(16)}`],
    ['a place beyond all bounds', `0x${'00'.repeat(12)}${'11'.repeat(20)}${'ff'.repeat(64)}${'6492'.repeat(16)}`],
    ['a factory that is no address', `0x${'11'.repeat(32)}${'00'.repeat(96)}${'6492'.repeat(16)}`],
  ])('takes no signature that is %s', async (_what, signature) => {
    expect(await check(deployed.account.address, signature)).toMatch(/no signature of at most 2048 bytes/)
  })

  test('believes no node that answers a question with anything but the one word', async () => {
    const signature = await deployed.account.signTypedData(data)
    for (const answer of ['0x', `0x${'00'.repeat(31)}01`, '0x1626ba7e', `0x${'ff'.repeat(32)}`, null, 7]) {
      const request: EvmOptions['clients'][number]['request'] = async (call) =>
        call.method === 'eth_call' ? answer : chain.publicClient.request(call as never)
      const said = await open({ clients: [{ request }] }).contracts?.check({
        payer: deployed.account.address,
        digest,
        signature,
      })
      expect(said).toMatch(/does not take the signature/)
    }
  })
})

function createWallet(own: ContractAccount, options: Partial<EvmOptions> = {}): AgentWallet {
  const resource = paidResource({ payTo: payee })
  return createAgentWallet({
    keyStore: account(own.account),
    ledger: { ...memoryLedger(), durable: true },
    policy: [
      allowHosts(['http://127.0.0.1:*']),
      allowPayees([`${network}:${getAddress(payee)}`]),
      spendingLimit({ dailyLimitUsd: 1 }),
    ],
    chains: [open(options)],
    fetch: async (input, init) => {
      const request = new Request(input, init)
      return request.headers.has('payment-signature')
        ? new Response('out of order', { status: 500 })
        : resource(request)
    },
  })
}

describe('a wallet whose payer is a contract', () => {
  test('is told before anything is recorded that a token moves on the signatures of keys alone', async () => {
    const own = await startChain()
    try {
      const { KeysOnlyUsd } = compile(new URL('../support/ContractAccount.sol', import.meta.url))
      await withAccountFactory(own)
      const { account: payer } = await createContractAccount(own, 1_000_000n)
      const wallet = createAgentWallet({
        keyStore: account(payer),
        policy: [allowHosts(['http://127.0.0.1:*'])],
        chains: [evm({ network, clients: [own.publicClient] })],
        fetch: async (input, init) => paidResource({ payTo: payee })(new Request(input, init)),
      })
      await putAt(own, own.token, KeysOnlyUsd ?? '0x')
      const error = await rejection(wallet.fetch(url))
      expect(error).toMatchObject({ code: 'no_payable_offer', moved: 'no' })
      expect(String(error)).toContain('takes no signature of a contract')
      expect(await wallet.payments.list()).toEqual([])
    } finally {
      await own.stop()
    }
  })

  test('takes a payment back by the signature of the contract', async () => {
    const client = createWalletClient({
      account: privateKeyToAccount(gas.privateKey),
      chain: chain.chain,
      transport: http(),
    })
    const wallet = createWallet(deployed, { gasPayer: client })
    expect((await wallet.fetch(url)).status).toBe(500)
    const [payment] = await wallet.payments.list()
    if (!payment) throw new Error('nothing was recorded')
    const hash = await wallet.cancel(payment.id)
    const receipt = await chain.publicClient.waitForTransactionReceipt({ hash: hash as Hex })
    expect(receipt.status).toBe('success')
    expect(await chain.authorizationState(deployed.account.address, payment.terms.nonce)).toBe(true)
    expect(await chain.transfersFrom(deployed.account.address)).toEqual([])
  })

  test('moves money of its own accord by the signature of the contract, whose gas another pays', async () => {
    const payer = await createContractAccount(chain, 50_000n)
    await payer.deploy()
    const client = createWalletClient({
      account: privateKeyToAccount(gas.privateKey),
      chain: chain.chain,
      transport: http(),
    })
    const wallet = createWallet(payer, { gasPayer: client })
    const payment = await wallet.transfer({ to: payee, amount: '0.02', asset: 'USDC', network })
    const [transaction] = (await wallet.payments.list()).map(({ receipt }) => receipt?.transaction)
    await chain.publicClient.waitForTransactionReceipt({ hash: transaction as Hex })
    expect(payment.amount).toBe(20_000n)
    expect(await chain.transfersFrom(payer.account.address)).toMatchObject([{ value: 20_000n }])
  })
})
