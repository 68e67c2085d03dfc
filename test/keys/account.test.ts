import { createWalletClient, custom, type Hex, UserRejectedRequestError } from 'viem'
import { privateKeyToAccount, toAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import {
  allowHosts,
  createAgentWallet,
  type KeyStore,
  memoryLedger,
  spendingLimit,
  type TypedData,
} from '../../src/index.js'
import { account, ethersSigner, privateKey, remoteSigner, walletClient } from '../../src/keys/index.js'
import { paidResource, type PaidResourceOptions } from '../../src/testing/index.js'
import { rejection } from '../support/wallets.ts'

const url = 'https://api.example.com/report'
const local = privateKeyToAccount(`0x${'6b'.repeat(32)}`)
const { address } = local
const domainType = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
]

function createWallet(keyStore: KeyStore, options: PaidResourceOptions = {}) {
  const resource = paidResource(options)
  const wallet = createAgentWallet({
    keyStore,
    ledger: { ...memoryLedger(), durable: true },
    policy: [allowHosts(['api.example.com']), spendingLimit({ dailyLimitUsd: 1 })],
    fetch: (input, init) => resource(new Request(input, init)),
  })
  const spent = async (): Promise<bigint | undefined> =>
    (await wallet.budget()).find(({ measure }) => measure === 'microUsd')?.used
  return { wallet, resource, spent }
}

/** What is asked of a service that signs typed data by what its types say, and nothing else. */
function createCustodian(seen: TypedData[]) {
  return async (data: TypedData): Promise<Hex> => {
    seen.push(data)
    if (!data.types['EIP712Domain']) throw new TypeError('typed data must have the type of its domain')
    return local.signTypedData(data as never)
  }
}

/** An ethers wallet signs in three parts, takes the type of the domain from the domain, and refuses one that is given. */
const ethersLike = {
  address,
  signTypedData: async (domain: unknown, types: Record<string, unknown>, message: unknown): Promise<string> => {
    const [primaryType, ...others] = Object.keys(types)
    if (primaryType === undefined || others.length > 0) throw new TypeError('ambiguous primary types or unused types')
    return local.signTypedData({ domain, types, primaryType, message } as never)
  },
}

describe('an account elsewhere', () => {
  test.each<[string, (seen: TypedData[]) => KeyStore]>([
    ['account', (seen) => account({ address, signTypedData: createCustodian(seen) as never })],
    ['walletClient', (seen) => walletClient({ account: { address }, signTypedData: createCustodian(seen) as never })],
    [
      'remoteSigner',
      (seen) => {
        const ask = createCustodian(seen)
        return remoteSigner({ address, sign: async (one) => (one.namespace === 'eip155' ? ask(one.typedData) : '') })
      },
    ],
  ])('is told by %s what the type of the domain is, as custody services need it', async (_name, create) => {
    const seen: TypedData[] = []
    const { wallet, resource } = createWallet(create(seen))
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(resource.payments).toMatchObject([{ from: address, settled: true }])
    expect(seen).toMatchObject([{ types: { EIP712Domain: domainType }, primaryType: 'TransferWithAuthorization' }])
  })

  test('that is a signer of ethers is asked in three parts, without the type of the domain', async () => {
    const { wallet, resource } = createWallet(ethersSigner(ethersLike as never))
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(resource.payments).toMatchObject([{ from: address, settled: true }])
  })

  test.each<[string, () => KeyStore, RegExp]>([
    ['a signer of ethers, by account', () => account(ethersLike as never), /ethersSigner/],
    ['a signer of ethers, by privateKey', () => privateKey(ethersLike as never), /ethersSigner/],
    [
      'a signer of ethers that does not say its address',
      () => ethersSigner({ ...ethersLike, address: undefined } as never),
      /address/,
    ],
    ['an account of ethers that signs nothing', () => ethersSigner({ address } as never), /signs no typed data/],
    ['a smart account', () => account({ ...toAccount(address), type: 'smart' } as never), /smart account/],
    [
      'a client of a smart account',
      () => walletClient({ account: { address, type: 'smart' }, signTypedData: local.signTypedData as never }),
      /smart account/,
    ],
    ['an account that signs no typed data', () => account({ address } as never), /signs no typed data/],
    ['a client that signs no typed data', () => walletClient({ account: { address } } as never), /signs no typed data/],
  ])('is refused before there is a wallet where it could sign no payment: %s', (_what, create, reason) => {
    expect(create).toThrow(reason)
    expect(create).toThrow(expect.objectContaining({ code: 'configuration_invalid' }))
  })

  test('that answers with the signature of a contract is asked once, and never again', async () => {
    let asked = 0
    const contract = account({
      address,
      signTypedData: async () => {
        asked += 1
        return `0x${'ab'.repeat(160)}`
      },
    })
    const { wallet, resource } = createWallet(contract)
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'signing_failed', moved: 'maybe' })
    const error = await rejection(wallet.fetch(`${url}?next`))
    expect(error).toMatchObject({ code: 'configuration_invalid', moved: 'no' })
    expect(String(error)).toContain('65 bytes')
    expect(asked).toBe(1)
    expect(await wallet.payments.list()).toHaveLength(1)
    expect(resource.payments).toEqual([])
  })
})

const rejected = Object.assign(new Error('User rejected the request.'), { code: 4001 })
const rejections: Readonly<Record<string, () => unknown>> = {
  'an error of EIP-1193': () => rejected,
  "viem's error": () => new UserRejectedRequestError(new Error('no')),
  'an error two causes deep': () => new Error('a', { cause: new Error('b', { cause: rejected }) }),
  "an error of Solana's wallet adapters": () => Object.assign(new Error('no'), { error: rejected }),
  'an error of ethers': () => Object.assign(new Error('no'), { code: 'ACTION_REJECTED', info: { error: rejected } }),
  "an error in another's data": () => Object.assign(new Error('no'), { data: { originalError: { code: 4001 } } }),
}

describe('a click on Reject', () => {
  test.each(Object.entries(rejections))('is not spent, and can be asked anew: %s', async (_what, error) => {
    let isRejecting = true
    const asking = account({
      address,
      signTypedData: async (data: never) => {
        if (isRejecting) throw error()
        return local.signTypedData(data)
      },
    })
    const { wallet, resource, spent } = createWallet(asking)
    const named = { payment: { key: 'report-42' } }
    expect(await rejection(wallet.fetch(url, named))).toMatchObject({ code: 'signing_rejected', moved: 'no' })
    expect(await wallet.payments.list()).toMatchObject([{ status: 'released' }])
    expect(await spent()).toBe(0n)
    isRejecting = false
    expect((await wallet.fetch(url, named)).status).toBe(200)
    expect(resource.payments).toHaveLength(1)
    expect(await spent()).toBe(10_000n)
  })

  test("reaches the wallet from a browser's wallet, through its client", async () => {
    const transport = custom({ request: () => Promise.reject(rejected) })
    const { wallet, spent } = createWallet(walletClient(createWalletClient({ account: address, transport })))
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'signing_rejected', moved: 'no' })
    expect(await spent()).toBe(0n)
  })

  test('at a payment that was sent before takes nothing back: the server still has the first signature', async () => {
    let asked = 0
    const asking = account({
      address,
      signTypedData: async (data: never) => {
        asked += 1
        if (asked > 1) throw rejected
        return local.signTypedData(data)
      },
    })
    const { wallet, resource, spent } = createWallet(asking, { fault: 'settle-then-drop' })
    const named = { payment: { key: 'report-42' } }
    expect(await rejection(wallet.fetch(url, named))).toMatchObject({ code: 'payment_outcome_unknown' })
    expect(await rejection(wallet.fetch(url, named))).toMatchObject({ code: 'signing_rejected', moved: 'maybe' })
    expect(await wallet.payments.list()).toMatchObject([{ status: 'unknown' }])
    expect(await spent()).toBe(10_000n)
    expect(resource.payments).toHaveLength(1)
  })

  test.each<[string, unknown]>([
    ['an error with another code', Object.assign(new Error('no'), { code: 4100 })],
    ['an error that only says so in words', new Error('User rejected the request. 4001')],
    [
      'an error whose cause is itself',
      (() => {
        const error = new Error('round')
        return Object.assign(error, { cause: error })
      })(),
    ],
    ['no error at all', undefined],
  ])('is not taken from %s: the key may have been used', async (_what, thrown) => {
    const { wallet, spent } = createWallet(account({ address, signTypedData: () => Promise.reject(thrown) }))
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'signing_failed', moved: 'maybe' })
    expect(await spent()).toBe(10_000n)
  })
})
