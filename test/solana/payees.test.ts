import { PublicKey } from '@solana/web3.js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { allowPayees, createAgentWallet, type Payment, spendingLimit, type StipendError } from '../../src/index.js'
import { solana } from '../../src/solana/index.js'
import { createSolanaAgent, solanaStore } from '../support/solana-agent.ts'
import { entryFor, settling, type SolanaShop, startShop } from '../support/solana-shop.ts'
import {
  createParties,
  createSolanaKeyPair,
  devnetUsdc,
  type Parties,
  solanaDevnet,
  startSolana,
  type TestSolana,
} from '../support/solana/index.ts'
import { rejection } from '../support/wallets.ts'

const tokenProgram = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'
const token2022 = 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb'
const squads = 'SQDS4ep65T869zMMBKyuUq6aD6EgTu8psMjkvj52pCf'
const system = '1'.repeat(32)
const upgradeable = 'BPFLoaderUpgradeab1e11111111111111111111111'
const stake = 'Stake11111111111111111111111111111111111111'
/** The chain's own coin at a price of the owner's. */
const sol = {
  network: solanaDevnet,
  symbol: 'SOL',
  address: system,
  decimals: 9,
  transfer: 'native',
  microUsd: 200_000_000n,
} as const

let chain: TestSolana
let parties: Parties
const shops: SolanaShop[] = []

beforeEach(async () => {
  chain = await startSolana()
  parties = await createParties(chain)
})
afterEach(async () => {
  for (const shop of shops.splice(0)) await shop.close()
  await chain?.close()
})

const open = async (payTo: string): Promise<SolanaShop> => {
  const shop = await startShop([entryFor(parties, { payTo })], settling(chain, parties))
  shops.push(shop)
  return shop
}
const createAgent = (): ReturnType<typeof createSolanaAgent> => createSolanaAgent(chain, parties.payer)
const held = (owner: string): Promise<bigint> => chain.tokenBalance(owner, devnetUsdc)

/** An address of a program's, which nobody has a key for. */
function vault(program = squads): string {
  const seeds = [new TextEncoder().encode('vault'), new PublicKey(parties.payTo).toBytes()]
  return PublicKey.findProgramAddressSync(seeds, new PublicKey(program))[0].toBase58()
}

/** The token program's own multisig: two of three keys, of which it is said whether it has been set up. */
function tokenMultisig(owner: string, isInitialized = 1): string {
  const { address } = createSolanaKeyPair()
  const data = new Uint8Array(355)
  data.set([2, 3, isInitialized])
  chain.putAccount(address, { owner, data })
  return address
}

/** Asks for a payment to a payee, and expects that nothing at all is signed, recorded or sent. */
async function refuses(payTo: string): Promise<StipendError> {
  const shop = await open(payTo)
  const wallet = createAgent()
  const error = await rejection(wallet.fetch(shop.url))
  expect(error).toMatchObject({ moved: 'no' })
  expect(wallet.signed).toEqual([])
  expect(await wallet.payments.list()).toEqual([])
  return error as StipendError
}

describe('a payee of a token on Solana', () => {
  const payable: readonly (readonly [string, () => string])[] = [
    ['the vault of a multisig', () => vault()],
    [
      'the vault of a multisig that has lamports',
      () => {
        chain.airdrop(vault(), 1_000_000_000n)
        return vault()
      },
    ],
    [
      'an account of a program that has data',
      () => {
        chain.putAccount(vault(), { owner: squads, data: new Uint8Array(200) })
        return vault()
      },
    ],
    ['a multisig of the token program', () => tokenMultisig(tokenProgram)],
  ]
  test.each(payable)('can be %s, where it has an account for the token', async (_what, make) => {
    const payTo = make()
    await chain.createAta(payTo, devnetUsdc)
    await createAgent().fetch((await open(payTo)).url)
    expect(await held(payTo)).toBe(1000n)
  })

  test('can be a vault that holds a token of Token-2022', async () => {
    const asset = 'CXk2AMBfi3TwaEL2468s6zP8xq9NxTXjp9gjMgzeUynM'
    chain.putMint(asset, { program: 'spl-token-2022' })
    await chain.mintTo(parties.payer.address, asset, 5000n)
    await chain.createAta(vault(), asset)
    const shop = await startShop([entryFor(parties, { payTo: vault(), asset })], settling(chain, parties))
    shops.push(shop)
    await createAgent().fetch(shop.url)
    expect(await chain.tokenBalance(vault(), asset)).toBe(1000n)
  })

  const owned = (owner: string, data = new Uint8Array(200)) => {
    const { address } = createSolanaKeyPair()
    chain.putAccount(address, { owner, data })
    return address
  }
  /** The engine loads what is executable, so that only its node says so. */
  const program = () => {
    chain.lie('getMultipleAccounts', (truth) => {
      const { context, value } = truth as { context: unknown; value: readonly object[] }
      return { context, value: value.map((one, index) => (index === 0 ? { ...one, executable: true } : one)) }
    })
    return owned(squads)
  }
  const unpayable: readonly (readonly [string, () => string | Promise<string>, string])[] = [
    ['a token account of its own', () => chain.createAta(parties.payTo, devnetUsdc), 'is no wallet'],
    ['our token account', () => chain.tokenAccount(parties.payer.address, devnetUsdc), 'is no wallet'],
    ['a token account with a key', () => owned(tokenProgram, new Uint8Array(165)), 'is no wallet'],
    ['a token account of the other token program', () => owned(token2022, new Uint8Array(170)), 'is no wallet'],
    ['another token', () => owned(tokenProgram, new Uint8Array(82)), 'is no wallet'],
    ['a multisig of the other token program', () => tokenMultisig(token2022), 'is no wallet'],
    ['a multisig that nobody has set up', () => tokenMultisig(tokenProgram, 0), 'is no wallet'],
    ['a program', program, 'is a program'],
    ['the code of a program', () => owned(upgradeable), 'is no wallet'],
    ['a stake', () => owned(stake), 'is no wallet'],
    ['a sysvar', () => 'SysvarC1ock11111111111111111111111111111111', 'not an address that can be paid'],
    ['the burn address', () => '1nc1nerator11111111111111111111111111111111', 'not an address that can be paid'],
    ['a program of the chain’s own', () => token2022, 'not an address that can be paid'],
    // A point of small order: anybody can sign for it.
    ['nobody’s', () => new PublicKey(new Uint8Array(32).fill(0).with(0, 1)).toBase58(), 'not an address that can be'],
  ]
  test.each(unpayable)(
    'is never %s, although an account for the token was made for it',
    async (_what, make, reason) => {
      const payTo = await make()
      await chain.createAta(payTo, devnetUsdc)
      const error = await refuses(payTo)
      expect(error).toMatchObject({ code: 'no_payable_offer', message: expect.stringContaining(reason) })
      expect(error.message.split('\n')[1]).toMatch(/^ {2}offer 0: /)
      expect(await held(payTo)).toBeLessThanOrEqual(1_000_000n)
    },
  )

  test.each([
    ['with a key', () => createSolanaKeyPair().address],
    ['of a program', () => vault()],
  ])('%s that has no account for the token is not paid, and is once it has one', async (_what, make) => {
    const payTo = make()
    const shop = await open(payTo)
    const wallet = createAgent()
    const error = await rejection(wallet.fetch(shop.url))
    const account = await chain.tokenAccount(payTo, devnetUsdc)
    expect(error).toMatchObject({ code: 'payee_account_missing', moved: 'no', retryable: true, account })
    expect(wallet.signed).toEqual([])
    expect(await wallet.payments.list()).toEqual([])
    await chain.createAta(payTo, devnetUsdc)
    await wallet.fetch(shop.url)
    expect(await held(payTo)).toBe(1000n)
  })

  test.each([
    ['is frozen', (data: Buffer) => data.fill(2, 108, 109)],
    ['is of another owner', (data: Buffer) => data.fill(7, 32, 64)],
    ['is of another token', (data: Buffer) => data.fill(7, 0, 32)],
  ])('whose account %s is not paid', async (_what, change) => {
    chain.lie('getMultipleAccounts', (truth) => {
      const { context, value } = truth as { context: unknown; value: readonly [null, { data: [string, string] }] }
      const data = change(Buffer.from(value[1].data[0], 'base64')).toString('base64')
      return { context, value: [value[0], { ...value[1], data: [data, 'base64'] }] }
    })
    expect(await refuses(parties.payTo)).toMatchObject({ code: 'payee_account_missing' })
  })

  test('is not paid by an answer about fewer accounts than were asked for', async () => {
    chain.lie('getMultipleAccounts', (truth) => ({ ...Object(truth), value: [null] }))
    expect(await refuses(parties.payTo)).toMatchObject({ code: 'chain_unavailable' })
  })
})

describe('who is given SOL', () => {
  const give = async (to: string): Promise<Payment> => {
    chain.airdrop(parties.payer.address, 1_000_000_000n)
    return createAgentWallet({
      keyStore: solanaStore(parties.payer),
      policy: [allowPayees([to]), spendingLimit({ perPaymentUsd: 50, dailyLimitUsd: 100 })],
      assets: [sol],
      chains: [solana({ network: solanaDevnet, rpcs: [`${chain.url}/one`] })],
    }).transfer({ to, amount: '0.1', asset: 'SOL', network: solanaDevnet })
  }

  test('can be a wallet that nobody has used, and a vault that somebody has', async () => {
    const { address } = createSolanaKeyPair()
    await give(address)
    expect(chain.lamportsOf(address)).toBe(100_000_000n)
    chain.airdrop(vault(), 1_000_000n)
    await give(vault())
    expect(chain.lamportsOf(vault())).toBe(101_000_000n)
  })

  test.each<readonly [string, () => string | Promise<string>, string]>([
    ['an address without a key that nobody has used', () => vault(), 'nobody has a key'],
    ['a token account', () => chain.createAta(parties.payTo, devnetUsdc), 'is no wallet'],
    ['a multisig of the token program', () => tokenMultisig(tokenProgram), 'is no wallet'],
  ])('is never %s', async (_what, make, reason) => {
    const to = await make()
    const before = chain.lamportsOf(to)
    expect(await rejection(give(to))).toMatchObject({
      code: 'no_payable_offer',
      moved: 'no',
      message: expect.stringContaining(reason),
    })
    expect(chain.lamportsOf(to)).toBe(before)
  })
})
