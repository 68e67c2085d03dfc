import { Keypair } from '@solana/web3.js'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allowHosts, createAgentWallet, type KeyStore, type Ledger, memoryLedger } from '../../src/index.js'
import {
  account,
  encryptedFile,
  importKeys,
  mnemonic,
  privateKey,
  remoteSigner,
  workerSigner,
} from '../../src/keys/index.js'
import { paidResource } from '../../src/testing/index.js'
import { createKeyFolder, password } from '../support/key-files.ts'
import { type LedgerMaker, ledgerMakers } from '../support/ledgers.ts'
import { rejection } from '../support/wallets.ts'

const at = createKeyFolder()
const url = 'https://api.example.com/report'
const report = { payment: { key: 'report-42' } }
const phrase = 'test test test test test test test test test test test junk'
const key = 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const viem = privateKeyToAccount(`0x${key}`)

type Store = KeyStore & { readonly close?: () => void }

/** Every way to hold the one key: the address is the same. */
const makers: Readonly<Record<string, () => Store>> = {
  'a private key': () => privateKey(key),
  'a viem account': () => account(viem),
  'a remote signer': () =>
    remoteSigner({
      address: viem.address,
      sign: async (request) => (request.namespace === 'eip155' ? viem.signTypedData(request.typedData as never) : ''),
    }),
  'a store with an id of its own': () => ({ ...account(viem), id: 'the kms' }),
  'a mnemonic': () => mnemonic(phrase),
  'an encrypted file': () => encryptedFile({ path: at('keys.json'), password }),
  'an encrypted file whose first key is another': () => encryptedFile({ path: at('other-first.json'), password }),
  'a worker': () => workerSigner({ path: at('keys.json'), password }),
}
const names = Object.keys(makers)
const changes = names.flatMap((one) => names.filter((other) => other !== one).map((other) => [one, other] as const))
const stores = new Map<string, Store>()

function storeOf(name: string): Store {
  const store = stores.get(name) ?? makers[name]?.() ?? privateKey(undefined)
  stores.set(name, store)
  return store
}

let sqlite: LedgerMaker
beforeAll(async () => {
  sqlite = (await ledgerMakers['SQLite']?.()) as LedgerMaker
  await importKeys({ path: at('keys.json'), password, from: { privateKey: key } })
  const from = [{ privateKey: Keypair.generate().secretKey }, { privateKey: key }]
  await importKeys({ path: at('other-first.json'), password, from })
})
afterAll(async () => {
  for (const store of stores.values()) store.close?.()
  await sqlite.stop()
})

/** A server whose first answer is lost after it has taken the money, and which takes no payment twice. */
function createShop() {
  const server = paidResource({ fault: 'settle-then-drop', faultTimes: 1, idempotent: true })
  const open = (keyStore: KeyStore, ledger: Ledger) =>
    createAgentWallet({
      keyStore,
      ledger,
      policy: [allowHosts(['api.example.com'])],
      fetch: (input, init) => server(new Request(input, init)),
    })
  return { server, open }
}

describe('a named purchase', () => {
  test.each(changes)('is paid once, first from %s, then from %s, on one ledger', async (first, second) => {
    const { server, open } = createShop()
    const ledger = sqlite.create()
    await rejection(open(storeOf(first), ledger).fetch(url, report))
    expect((await open(storeOf(second), ledger).fetch(url, report)).status).toBe(200)
    expect(server.payments).toHaveLength(1)
    expect(await ledger.list()).toHaveLength(1)
  })

  test.each(Object.entries(ledgerMakers))(
    'is paid once from two stores at once, on a ledger in %s that neither has used',
    async (_kind, make) => {
      const maker = await make()
      const { server, open } = createShop()
      const ledger = { ...maker.create(), durable: true }
      const wallets = [privateKey(key), account(viem), mnemonic(phrase), account(viem)].map((one) => open(one, ledger))
      await Promise.allSettled(wallets.map((wallet) => wallet.fetch(url, report)))
      await Promise.allSettled(wallets.map((wallet) => wallet.fetch(url, report)))
      expect(server.payments).toHaveLength(1)
      expect(await ledger.list()).toHaveLength(1)
      await maker.stop()
    },
  )

  test('costs the ledger three questions for a payer and a wallet, and none for a payment', async () => {
    const { open } = createShop()
    const ledger = memoryLedger()
    const asked: string[] = []
    const count = <name extends 'secret' | 'recall' | 'remember'>(name: name): Pick<Ledger, name> => {
      const ask = (...given: readonly [never, never]) => {
        asked.push(name)
        return ledger[name](...given)
      }
      return { [name]: ask } as unknown as Pick<Ledger, name>
    }
    const wallet = open(privateKey(key), { ...ledger, ...count('secret'), ...count('recall'), ...count('remember') })
    await Promise.allSettled([1, 2, 3].map((number) => wallet.fetch(`${url}?${number}`)))
    await wallet.fetch(url, report)
    expect(asked).toEqual(['recall', 'secret', 'remember'])
  })
})

/** The store of two keys, as a phrase or a file is of two families; here of one, on two networks. */
function pairOf(one: string, other: string): KeyStore {
  const [first, second] = [privateKey(one), privateKey(other)]
  return { ...first, getSigner: (network) => (network === 'eip155:84532' ? first : second).getSigner(network) }
}

describe('a wallet of two keys', () => {
  const other = '42'.repeat(32)
  const onBase = () => paidResource({ network: 'eip155:8453' })
  const open = (keyStore: KeyStore, ledger: Ledger, server: (request: Request) => Promise<Response> = paidResource()) =>
    createAgentWallet({
      keyStore,
      ledger,
      policy: [allowHosts(['api.example.com'])],
      fetch: (input, init) => server(new Request(input, init)),
    })

  test('names a purchase once, whichever of its keys was in the ledger before', async () => {
    for (const before of [privateKey(key), account(viem), privateKey(other)]) {
      const ledger = sqlite.create()
      const isFirst = before.address === viem.address
      await open(before, ledger, isFirst ? paidResource() : onBase()).fetch(url, report)
      const elsewhere = isFirst ? onBase() : paidResource()
      const error = await rejection(open(pairOf(key, other), ledger, elsewhere).fetch(url, report))
      expect(error).toMatchObject({ code: 'payment_outcome_unknown' })
      expect(elsewhere.payments).toEqual([])
      expect(await ledger.list()).toHaveLength(1)
    }
  })

  test('pays from one alone of two that the ledger knows as payers of their own, whichever is asked first', async () => {
    const ledger = sqlite.create()
    await open(account(viem), ledger).fetch(url, report)
    await open(privateKey(other), ledger, onBase()).fetch(url, report)
    for (const networks of [
      ['eip155:84532', 'eip155:8453'],
      ['eip155:8453', 'eip155:84532'],
    ] as const) {
      const answers: string[] = []
      let server = paidResource()
      const wallet = open(pairOf(key, other), ledger, (request) => server(request))
      for (const network of networks) {
        server = paidResource({ network })
        const answer = await wallet.fetch(url).then(({ status }) => String(status), String)
        answers.push(`${network}: ${answer}, ${server.payments.length} paid`)
      }
      expect(answers.toSorted()).toEqual([
        expect.stringMatching(/^eip155:84532: ConfigurationError: .*a wallet of its own\., 0 paid$/s),
        expect.stringMatching(/^eip155:8453: 200, 1 paid$/),
      ])
    }
    expect(await ledger.list()).toHaveLength(4)
  })
})

describe('a secret that cannot be had', () => {
  test.each<[string, Partial<KeyStore>, string]>([
    ['the key store throws', { deriveSecret: () => Promise.reject(new Error('hsm')) }, 'configuration_invalid'],
    ['it is too short', { deriveSecret: async () => new Uint8Array(16).fill(1) }, 'configuration_invalid'],
  ])('stops the payment before anything is recorded: %s', async (_what, different, code) => {
    const { server, open } = createShop()
    const ledger = memoryLedger()
    const wallet = open({ ...privateKey(key), ...different }, ledger)
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code, moved: 'no' })
    expect(server.payments).toEqual([])
    expect(await ledger.list()).toEqual([])
  })

  test('is asked for again by the next payment, after a ledger that was away', async () => {
    const { open } = createShop()
    const ledger = memoryLedger()
    let isAway = true
    const secret: Ledger['secret'] = (...given) =>
      isAway ? Promise.reject(new Error('gone')) : ledger.secret(...given)
    const wallet = open(privateKey(key), { ...ledger, secret })
    const report2 = { payment: { key: 'report-2' } }
    expect(await rejection(wallet.fetch(url, report2))).toMatchObject({ code: 'ledger_unavailable', moved: 'no' })
    isAway = false
    await rejection(wallet.fetch(url, report2))
    expect((await wallet.fetch(url, report2)).status).toBe(200)
  })
})
