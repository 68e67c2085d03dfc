import {
  ComputeBudgetProgram,
  MessageV0,
  PublicKey,
  SystemProgram,
  TransactionInstruction,
  TransactionMessage,
} from '@solana/web3.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allowPayees, createAgentWallet, type Payment, spendingLimit } from '../../src/index.js'
import { solana, type Web3 } from '../../src/solana/index.js'
import { outcome } from '../support/offers.ts'
import { solanaStore } from '../support/solana-agent.ts'
import { memo, transferChecked } from '../support/solana-messages.ts'
import {
  createSolanaKeyPair,
  devnetUsdc,
  type SolanaKeyPair,
  signAnew,
  solanaDevnet,
  startSolana,
  type TestSolana,
  web3Versions,
} from '../support/solana/index.ts'

const network = solanaDevnet
/** The chain's own coin at a price of the owner's. */
const sol = {
  network,
  symbol: 'SOL',
  address: '11111111111111111111111111111111',
  decimals: 9,
  transfer: 'native',
  microUsd: 200_000_000n,
} as const

let chain: TestSolana
let payer: SolanaKeyPair
let payment: Payment
let parts: { readonly source: PublicKey; readonly destination: PublicKey; readonly authority: PublicKey }

beforeAll(async () => {
  chain = await startSolana()
  payer = chain.createSender()
  await chain.mintTo(payer.address, devnetUsdc, 10_000_000n)
  const payee = await chain.createPayee()
  const keyStore = solanaStore(payer)
  const chains = [solana({ network, rpcs: [chain.url] })]
  const wallet = createAgentWallet({ keyStore, policy: [allowPayees([payee])], chains })
  payment = await wallet.transfer({ to: payee, amount: '1', asset: 'USDC', network })
  const { source = '', destination = '' } = payment.terms.details ?? {}
  parts = {
    source: new PublicKey(source),
    destination: new PublicKey(destination),
    authority: new PublicKey(payer.address),
  }
})
afterAll(() => chain?.close())

type Call = TransactionInstruction
/** The four calls of the transfer, as the official library writes them. */
function calls({
  units = 20_000,
  price = 1,
  amount = 0x40,
  note = payment.terms.details?.['memo'] ?? '',
} = {}): [Call, Call, Call, Call] {
  const { source, destination, authority } = parts
  return [
    ComputeBudgetProgram.setComputeUnitLimit({ units }),
    ComputeBudgetProgram.setComputeUnitPrice({ microLamports: price }),
    new TransactionInstruction({
      programId: new PublicKey('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'),
      keys: [source, new PublicKey(devnetUsdc), destination, authority].map((pubkey) => ({
        pubkey,
        isSigner: pubkey === authority,
        isWritable: pubkey === source || pubkey === destination,
      })),
      data: Buffer.from([12, amount, 0x42, 0x0f, 0, 0, 0, 0, 0, 6]),
    }),
    memo(note),
  ]
}

function messageOf(
  instructions: readonly Call[],
  blockhash = payment.terms.details?.['blockhash'] ?? '',
): TransactionMessage {
  return new TransactionMessage({
    payerKey: parts.authority,
    recentBlockhash: blockhash,
    instructions: [...instructions],
  })
}

/** Signs a message as the payer, and asks the scheme of transfers what it makes of it. */
function check(
  message: Uint8Array,
  { signer = payer, of = payment, maxFeeLamports = 100_000n } = {},
): string | undefined {
  const { scheme } = solana({ network, rpcs: [chain.url], maxFeeLamports }).transfers ?? {}
  const transaction = Buffer.concat([Uint8Array.of(1), signAnew(message, signer), message])
  return scheme?.check(of, transaction.toString('base64'))
}

const compiled = (...given: Parameters<typeof messageOf>): Uint8Array =>
  Uint8Array.from(
    messageOf(...given)
      .compileToV0Message()
      .serialize(),
  )

/** Says the same with the last two of the accounts in each other's place. */
function reordered({ header, staticAccountKeys, recentBlockhash, compiledInstructions }: MessageV0): Uint8Array {
  const last = staticAccountKeys.length - 1
  const place = (index: number): number => (index < last - 1 ? index : 2 * last - 1 - index)
  const message = new MessageV0({
    header,
    staticAccountKeys: staticAccountKeys.map((_key, index) => staticAccountKeys[place(index)] ?? parts.authority),
    recentBlockhash,
    compiledInstructions: compiledInstructions.map(({ programIdIndex, accountKeyIndexes, data }) => ({
      programIdIndex: place(programIdIndex),
      accountKeyIndexes: accountKeyIndexes.map(place),
      data,
    })),
    addressTableLookups: [],
  })
  return Uint8Array.from(message.serialize())
}

/** Moves a dollar and a tenth of a SOL with a library. */
async function moveWith(web3: unknown): Promise<void> {
  const payee = await chain.createPayee()
  const wallet = createAgentWallet({
    keyStore: solanaStore(payer),
    policy: [allowPayees([payee]), spendingLimit({ perPaymentUsd: 50, dailyLimitUsd: 100 })],
    assets: [sol],
    chains: [solana({ network, rpcs: [chain.url], web3: async () => web3 as Web3 })],
  })
  await wallet.transfer({ to: payee, amount: '1', asset: 'USDC', network })
  await wallet.transfer({ to: payee, amount: '0.1', asset: 'SOL', network })
  expect(await chain.tokenBalance(payee, devnetUsdc)).toBe(1_000_000n)
  expect(chain.lamportsOf(payee)).toBe(100_000_000n)
}

describe('what a Solana key signs for a transfer', () => {
  test.each(Object.entries(web3Versions))('is compiled with @solana/web3.js %s', async (_version, web3) => {
    await moveWith(web3)
  })

  test('is nothing that a library compiled which moves more', async () => {
    const web3 = web3Versions['1.99.0'] as unknown as Web3
    const TransactionInstruction = function (call: ConstructorParameters<Web3['TransactionInstruction']>[0]) {
      return new web3.TransactionInstruction({
        ...call,
        data: call.data[0] === 12 ? call.data.with(2, 0xff) : call.data,
      })
    } as never
    const before = chain.landed().length
    await expect(moveWith({ ...web3, TransactionInstruction })).rejects.toMatchObject({
      code: 'configuration_invalid',
      moved: 'no',
    })
    expect(chain.landed()).toHaveLength(before)
  })

  test('is one message only, to the byte', () => {
    const [limit, price, move, note] = calls()
    const drain = SystemProgram.transfer({ fromPubkey: parts.authority, toPubkey: parts.destination, lamports: 1 })
    const others: readonly (readonly [string, readonly Call[]])[] = [
      ['another amount', calls({ amount: 0x41 })],
      ['another price', calls({ price: 2 })],
      ['another limit', calls({ units: 1_400_000 })],
      ['another memo', calls({ note: '0'.repeat(32) })],
      ['one more transfer', [limit, price, move, note, drain]],
      ['the transfer twice', [limit, price, move, move, note]],
      ['no memo', [limit, price, move]],
      ['no price', [limit, move, note]],
      ['another order', [price, limit, move, note]],
      ['accounts of others', [limit, price, transferChecked(parts.authority), note]],
      [
        'a durable nonce',
        [
          SystemProgram.nonceAdvance({ noncePubkey: parts.source, authorizedPubkey: parts.authority }),
          limit,
          price,
          move,
          note,
        ],
      ],
    ]
    for (const [what, instructions] of others) expect(check(compiled(instructions)), what).toMatch(/^(the|instruction)/)
    expect(check(compiled(calls(), new PublicKey(new Uint8Array(32).fill(5)).toBase58()))).toMatch(/another blockhash/)
    expect(check(Uint8Array.from(messageOf(calls()).compileToLegacyMessage().serialize()))).toMatch(/not of version 0/)
  })

  test('is the recorded message, of the recorded payer', async () => {
    const sent = chain.landed()[0]?.wire.subarray(65) ?? new Uint8Array()
    expect(check(Uint8Array.from(sent))).toBeUndefined()
    expect(check(compiled(calls()))).toBeUndefined()
    // The same calls, with the accounts in another order, are another message: it could be a second transfer.
    expect(check(reordered(messageOf(calls()).compileToV0Message()))).toBe('the message is not the recorded one')
    expect(check(Uint8Array.from(sent), { signer: createSolanaKeyPair() })).toMatch(
      /not of this transfer by this payer/,
    )
    expect(check(Uint8Array.from(sent), { maxFeeLamports: 5000n })).toBe('the fee is more than is allowed')
    expect(check(Uint8Array.from(sent), { of: { ...payment, amount: 2n } })).toMatch(/instruction 2/)
  })

  test('costs no more than an amount of lamports, which has to be one', () => {
    const create = () => solana({ network, rpcs: [chain.url], maxFeeLamports: Number.NaN as never })
    expect(outcome(create)).toMatchObject({ code: 'configuration_invalid' })
  })
})
