import {
  ComputeBudgetProgram,
  PublicKey,
  SystemProgram,
  TransactionInstruction,
  TransactionMessage,
} from '@solana/web3.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allowPayees, createAgentWallet, type Payment } from '../../src/index.js'
import { solana } from '../../src/solana/index.js'
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
} from '../support/solana/index.ts'

const network = solanaDevnet

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

describe('what a Solana key signs for a transfer', () => {
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
    // The same calls, with the accounts in another order, are another message: it could be a second transfer.
    expect(check(compiled(calls()))).toBe('the message is not the recorded one')
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
