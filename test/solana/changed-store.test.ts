import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { allowHosts, createAgentWallet, type KeyStore, type Ledger, memoryLedger } from '../../src/index.js'
import { encryptedFile, importKeys, privateKey } from '../../src/keys/index.js'
import { createKeyFolder, password } from '../support/key-files.ts'
import { schemeFor, solanaStore } from '../support/solana-agent.ts'
import { describeTransaction, entryFor, type SolanaShop, startShop } from '../support/solana-shop.ts'
import { createParties, type Parties, startSolana, type TestSolana } from '../support/solana/index.ts'

const at = createKeyFolder()
let chain: TestSolana
let parties: Parties
let shop: SolanaShop

beforeEach(async () => {
  chain = await startSolana({ mining: 'manual' })
  parties = await createParties(chain)
  shop = await startShop([entryFor(parties)], () => new Response('out of order', { status: 500 }))
})
afterEach(async () => {
  await shop?.close()
  await chain?.close()
})

const stores: Readonly<Record<string, () => Promise<KeyStore>>> = {
  'a key pair': async () => privateKey(parties.payer.bytes),
  'a wallet': async () => ({ ...solanaStore(parties.payer), deriveSecret: undefined }),
  'an encrypted file that has an EVM key too': async () => {
    const path = at(`${parties.payer.address}.json`)
    const from = [{ privateKey: '42'.repeat(32) }, { privateKey: parties.payer.bytes }]
    await importKeys({ path, password, from })
    return encryptedFile({ path, password })
  },
}
const names = Object.keys(stores)
const changes = names.flatMap((one) => names.filter((other) => other !== one).map((other) => [one, other] as const))

async function buy(name: string, ledger: Ledger): Promise<void> {
  const wallet = createAgentWallet({
    keyStore: (await stores[name]?.()) ?? privateKey(undefined),
    ledger,
    policy: [allowHosts(['http://127.0.0.1:*'])],
    schemes: [schemeFor(chain)],
  })
  await wallet.fetch(shop.url, { payment: { key: 'report' } }).catch(() => {})
}

describe('a named purchase on Solana', () => {
  test.each(changes)('is one message, first from %s, then from %s, on one ledger', async (first, second) => {
    const ledger = { ...memoryLedger(), durable: true }
    await buy(first, ledger)
    await buy(second, ledger)
    expect(shop.transactions.length).toBeGreaterThan(0)
    const memos = shop.transactions.map(describeTransaction).map(({ instructions }) => instructions.at(-1)?.data)
    expect(new Set(memos).size).toBe(1)
    expect(new Set(shop.transactions).size).toBe(1)
    expect(await ledger.list()).toHaveLength(1)
  })
})
