import { describe, expect, test } from 'vitest'
import { addressOf, type Json } from '../support/solana-shop.ts'
import { devnetUsdc, solanaDevnet, transferFee } from '../support/solana/index.ts'
import { chain, setUpOffers, parties, system, refuses } from '../support/solana-offers.ts'

const token = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'
const token2022 = 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb'

type Spoof = { readonly what: string; readonly entry: () => Json | Promise<Json> }
const extra = (fields: Json): Json => ({ extra: fields })
const usdcOf = (owner: string): Promise<string> => chain.tokenAccount(owner, devnetUsdc)

setUpOffers()

describe('an offer on Solana that is not what we know', () => {
  const feePayers: readonly Spoof[] = [
    { what: 'no fee payer', entry: () => extra({ feePayer: undefined }) },
    { what: 'ourselves as fee payer', entry: () => extra({ feePayer: parties.payer.address }) },
    { what: 'the payee as fee payer', entry: () => extra({ feePayer: parties.payTo }) },
    { what: 'a program as fee payer', entry: () => extra({ feePayer: token }) },
    { what: 'the system program as fee payer', entry: () => extra({ feePayer: system }) },
    {
      what: 'a fee payer off the curve',
      entry: async () => extra({ feePayer: await usdcOf(parties.feePayer.address) }),
    },
    {
      what: 'our token account as fee payer',
      entry: async () => extra({ feePayer: await usdcOf(parties.payer.address) }),
    },
    {
      what: "the payee's token account as fee payer",
      entry: async () => extra({ feePayer: await usdcOf(parties.payTo) }),
    },
    { what: 'the token as fee payer', entry: () => extra({ feePayer: devnetUsdc }) },
    { what: 'a fee payer of 31 bytes', entry: () => extra({ feePayer: '1'.repeat(31) }) },
    { what: 'a number as fee payer', entry: () => extra({ feePayer: 7 }) },
  ]

  const others: readonly Spoof[] = [
    { what: 'ourselves as payee', entry: () => ({ payTo: parties.payer.address }) },
    { what: 'a payee off the curve', entry: async () => ({ payTo: await usdcOf(parties.payTo) }) },
    { what: 'the system program as payee', entry: () => ({ payTo: system }) },
    { what: 'a program as payee', entry: () => ({ payTo: token }) },
    { what: 'the token as payee', entry: () => ({ payTo: devnetUsdc }) },
    { what: 'an EVM address as payee', entry: () => ({ payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C' }) },
    { what: 'a memo of 257 bytes', entry: () => extra({ memo: 'x'.repeat(257) }) },
    { what: 'a memo of 129 letters of two bytes', entry: () => extra({ memo: 'ü'.repeat(129) }) },
    { what: 'an empty memo', entry: () => extra({ memo: '' }) },
    { what: 'a memo with a line break', entry: () => extra({ memo: 'order\n42' }) },
    { what: 'a memo that is a number', entry: () => extra({ memo: 42 }) },
    { what: 'an amount beyond 64 bits', entry: () => ({ amount: (1n << 64n).toString() }) },
    { what: 'other decimals', entry: () => extra({ decimals: 9 }) },
    { what: 'another token program', entry: () => extra({ tokenProgram: token2022 }) },
    { what: "mainnet's USDC on devnet", entry: () => ({ asset: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v' }) },
    {
      what: 'a network that the nodes are not of',
      entry: () => ({
        network: 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp',
        asset: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v',
      }),
    },
    { what: 'a network in another case', entry: () => ({ network: solanaDevnet.replace('Et', 'et') }) },
    { what: 'a token nobody lists, which takes a fee of each transfer', entry: putTaxedMint },
  ]

  test.each([...feePayers, ...others])('is set aside unsigned: $what', async ({ entry }) => {
    const error = await refuses(await entry())
    expect(error.code).toBe('no_payable_offer')
    expect(error.message.split('\n')[1]).toMatch(/^ {2}offer 0: /)
  })
})

async function putTaxedMint(): Promise<Json> {
  const asset = addressOf(9)
  chain.putMint(asset, { extensions: [transferFee({ basisPoints: 100, max: 1000n })] })
  return { asset }
}
