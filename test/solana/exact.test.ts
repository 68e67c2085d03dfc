import { readFileSync } from 'node:fs'
import { PublicKey, SystemProgram } from '@solana/web3.js'
import { describe, expect, test } from 'vitest'
import type { Authorization, Payment, Scheme } from '../../src/index.js'
import type { Web3 } from '../../src/solana/index.js'
import { createPayment } from '../support/payments.ts'
import { createSolanaAgent, schemeFor, solanaStore } from '../support/solana-agent.ts'
import { describeTransaction, entryFor, offerOf, type Json, settling } from '../support/solana-shop.ts'
import { devnetUsdc, type Parties, solanaDevnet, web3Versions } from '../support/solana/index.ts'
import { rejection } from '../support/wallets.ts'
import { chain, parties, setUpOffers, open, refuses } from '../support/solana-offers.ts'

const token = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'

const computeBudget = 'ComputeBudget111111111111111111111111111111'
const memoProgram = 'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr'

const paid = (): Promise<bigint> => chain.tokenBalance(parties.payTo, devnetUsdc)

const extra = (fields: Json): Json => ({ extra: fields })
const usdcOf = (owner: string): Promise<string> => chain.tokenAccount(owner, devnetUsdc)

setUpOffers()

describe('what a Solana key signs', () => {
  test('is never a transaction that the server supplies', async () => {
    const transaction = Buffer.alloc(496, 1).toString('base64')
    const supplied = { transaction, message: transaction, instructions: [transaction] }
    const shop = await open([entryFor(parties, extra(supplied))], settling(chain, parties))
    const wallet = createSolanaAgent(chain, parties.payer)
    await wallet.fetch(shop.url)
    expect(describeTransaction(shop.transactions[0] ?? '').instructions).toHaveLength(4)
    expect(await paid()).toBe(1000n)
  })

  test('is a limit, a price, a transfer and a memo, and nothing else', async () => {
    const shop = await open([entryFor(parties)])
    await createSolanaAgent(chain, parties.payer).fetch(shop.url)

    const { accounts, instructions, ...rest } = describeTransaction(shop.transactions[0] ?? '')
    const { payer, payTo, feePayer } = parties
    const [source, destination] = [await usdcOf(payer.address), await usdcOf(payTo)]
    expect(instructions).toEqual([
      { program: computeBudget, accounts: [], data: '02204e0000' },
      { program: computeBudget, accounts: [], data: '030100000000000000' },
      { program: token, accounts: [source, devnetUsdc, destination, payer.address], data: '0ce80300000000000006' },
      { program: memoProgram, accounts: [], data: expect.stringMatching(/^(3[0-9]|6[1-6]){32}$/) },
    ])
    expect(accounts.slice(0, 2)).toEqual([feePayer.address, payer.address])
    expect(new Set(accounts.slice(2, 4))).toEqual(new Set([source, destination]))
    expect(accounts).toHaveLength(8)
    expect(rest).toMatchObject({
      version: 0,
      tables: 0,
      header: { numSignerAccounts: 2, numReadonlySignerAccounts: 1, numReadonlyNonSignerAccounts: 4 },
      signatures: { [feePayer.address]: null, [payer.address]: expect.stringMatching(/^[0-9a-f]{128}$/) },
    })
  })

  test('says the same as what the official client signs', async () => {
    const vector = readVector()
    const [entry] = vector.paymentRequired.accepts
    const bytes = Uint8Array.from(Buffer.from(vector.payerSeedHex, 'hex'))
    await chain.createAta(entry.payTo, devnetUsdc)
    chain.lie('getLatestBlockhash', (truth) => {
      const { context, value } = truth as { readonly context: unknown; readonly value: object }
      return { context, value: { ...value, blockhash: entry.extra.recentBlockhash } }
    })
    const { scheme, authorization } = await signOffer(entry, {
      ...parties.payer,
      address: vector.payer as never,
      bytes,
    })
    const { signatures, ...ours } = describeTransaction(String(authorization.payload['transaction']))
    const { signatures: _, accounts, ...theirs } = describeTransaction(vector.paymentPayload.payload.transaction)
    expect(ours).toEqual({ ...theirs, accounts: expect.arrayContaining([...accounts]) })
    expect(Object.keys(signatures)).toEqual([entry.extra.feePayer, vector.payer])
    expect(scheme.check(authorization.payment, String(authorization.payload['transaction']))).toBeUndefined()
  })

  test('has the memo that the server asks for, letter by letter', async () => {
    const memo = `${'ü'.repeat(127)}42`
    const shop = await open([entryFor(parties, extra({ memo }))], settling(chain, parties))
    await createSolanaAgent(chain, parties.payer).fetch(shop.url)
    const { instructions } = describeTransaction(shop.transactions[0] ?? '')
    expect(Buffer.from(instructions[3]?.data ?? '', 'hex').toString()).toBe(memo)
    expect(await paid()).toBe(1000n)
  })

  test.each(Object.entries(web3Versions))('is compiled with @solana/web3.js %s', async (_version, web3) => {
    const shop = await open([entryFor(parties)], settling(chain, parties))
    const schemes = [schemeFor(chain, { web3: async () => web3 as unknown as Web3 })]
    const wallet = createSolanaAgent(chain, parties.payer, { schemes })
    await wallet.fetch(shop.url)
    await wallet.fetch(`${shop.url}/again`)
    expect(await paid()).toBe(2000n)
  })

  test.each(tampered())('is never what a library compiled that $what', async ({ tamper }) => {
    const web3 = tamper(web3Versions['1.99.0'] as unknown as Web3)
    const error = await refuses({}, { schemes: [schemeFor(chain, { web3: async () => web3 })] })
    expect(error).toMatchObject({ code: 'configuration_invalid', message: expect.stringContaining('web3.js') })
  })

  test('is nothing where @solana/web3.js is not installed', async () => {
    const web3 = () => Promise.reject(new Error('not found'))
    expect((await refuses({}, { schemes: [schemeFor(chain, { web3 })] })).message).toContain('npm install')
  })
})

describe('what a Solana signer answers', () => {
  const answers: readonly (readonly [string, (signature: Uint8Array) => unknown])[] = [
    ['63 bytes', (signature) => signature.slice(1)],
    ['text', (signature) => Buffer.from(signature).toString('base64')],
    ['nothing', () => undefined],
    ['one bit wrong', (signature) => signature.map((byte, index) => (index === 9 ? byte ^ 1 : byte))],
    ['zeros', () => new Uint8Array(64)],
  ]

  test.each(answers)('is not sent when it is %s, and counts as signed', async (_what, answer) => {
    const shop = await open([entryFor(parties)])
    const wallet = createSolanaAgent(chain, parties.payer, { keyStore: solanaStore(parties.payer, answer) })
    expect(await rejection(wallet.fetch(shop.url))).toMatchObject({ code: 'signing_failed', moved: 'maybe' })
    expect(await wallet.payments.list()).toMatchObject([{ status: 'unknown' }])
    expect(shop.transactions).toEqual([])
  })

  test('is held against the record: a transaction of another payment is found out', async () => {
    const { scheme, authorization } = await signOffer(entryFor(parties), parties.payer)
    const { payment, payload } = authorization
    const transaction = String(payload['transaction'])
    const check = (different: Partial<Payment>) => scheme.check({ ...payment, ...different }, transaction)
    expect(check({})).toBeUndefined()
    expect(check({ amount: 1001n })).toBe('instruction 2 of the message is another')
    expect(check({ payTo: parties.feePayer.address })).toBe('the message writes to other accounts')
    expect(check({ terms: { ...payment.terms, payer: parties.payTo } })).toMatch(/signed by/)
    const details = { ...payment.terms.details, messageHash: '00' }
    expect(check({ terms: { ...payment.terms, details } })).toBe('the message is not the recorded one')
    expect(scheme.check(payment, 'AAAA')).toBeTypeOf('string')
    expect(scheme.check(payment, 'no base64!')).toBeTypeOf('string')
  })
})

/** Fixes, signs and writes the payment of one entry, as the pipeline does. */
async function signOffer(
  entry: Json,
  payer: Parties['payer'],
): Promise<{ readonly scheme: Scheme; readonly authorization: Pick<Authorization, 'payment' | 'payload'> }> {
  const scheme = schemeFor(chain) as Scheme
  const offer = offerOf(entry)
  const context = { payer: payer.address, nonce: `0x${'11'.repeat(32)}`, now: Date.now() } as const
  expect(scheme.refuse(offer, payer.address, { namespace: 'solana', address: payer.address })).toBeUndefined()
  const terms = await scheme.terms(offer, context)
  const { asset, amount, payTo } = offer
  const payment = createPayment({ asset, amount, payTo, terms })
  const signer = await solanaStore(payer).getSigner(solanaDevnet)
  if (!signer) throw new Error('the store has no signer')
  const signature = await scheme.sign(payment, signer)
  return { scheme, authorization: { payment, payload: scheme.payload(payment, signature) } }
}

type Vector = {
  readonly payerSeedHex: string
  readonly payer: string
  readonly paymentRequired: {
    readonly accepts: readonly [
      Json & {
        readonly payTo: string
        readonly extra: { readonly feePayer: string; readonly recentBlockhash: string }
      },
    ]
  }
  readonly paymentPayload: { readonly payload: { readonly transaction: string } }
}

function readVector(): Vector {
  return JSON.parse(readFileSync(new URL('exact-vector.json', import.meta.url), 'utf8')) as Vector
}

type Tampered = { readonly what: string; readonly tamper: (web3: Web3) => Web3 }

/** What a library does that has been taken over: each leaves a message that looks like ours. */
function tampered(): readonly Tampered[] {
  type Fields = ConstructorParameters<Web3['TransactionMessage']>[0]
  const changing = (change: (fields: Fields, web3: Web3) => Fields) => (web3: Web3) => ({
    ...web3,
    TransactionMessage: function (fields: Fields) {
      return new web3.TransactionMessage(change(fields, web3))
    } as never,
  })
  return [
    { what: 'pays another payee', tamper: (web3) => ({ ...web3, PublicKey: redirecting(web3) }) },
    {
      what: 'adds an instruction',
      tamper: changing((fields) => ({
        ...fields,
        instructions: [...fields.instructions, ...fields.instructions.slice(3)],
      })),
    },
    {
      what: 'advances a durable nonce, with which it would never die',
      tamper: changing((fields) => ({ ...fields, instructions: [advanceNonce(), ...fields.instructions] })),
    },
    {
      what: 'leaves the memo out',
      tamper: changing((fields) => ({ ...fields, instructions: fields.instructions.slice(0, 3) })),
    },
    {
      what: 'has somebody else pay the fee',
      tamper: changing((fields, { PublicKey }) => ({ ...fields, payerKey: new PublicKey(parties.payTo) })),
    },
    { what: 'raises the price', tamper: (web3) => ({ ...web3, ComputeBudgetProgram: dear(web3) }) },
    { what: 'moves more', tamper: (web3) => ({ ...web3, TransactionInstruction: generous(web3) }) },
  ]
}

function advanceNonce(): Web3.Instruction {
  const [noncePubkey, authorizedPubkey] = [parties.payTo, parties.payer.address].map((text) => new PublicKey(text))
  if (!noncePubkey || !authorizedPubkey) throw new Error('no keys')
  return SystemProgram.nonceAdvance({ noncePubkey, authorizedPubkey })
}

function redirecting({ PublicKey }: Web3): Web3['PublicKey'] {
  const address = (text: string) => (text === parties.payTo ? parties.feePayer.address : text)
  return Object.assign(
    function (text: string) {
      return new PublicKey(address(text))
    },
    { findProgramAddress: PublicKey.findProgramAddress.bind(PublicKey) },
  ) as never
}

function dear({ ComputeBudgetProgram }: Web3): Web3['ComputeBudgetProgram'] {
  return {
    setComputeUnitLimit: (limit) => ComputeBudgetProgram.setComputeUnitLimit(limit),
    setComputeUnitPrice: () => ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 5_000_000 }),
  }
}

function generous({ TransactionInstruction }: Web3): Web3['TransactionInstruction'] {
  return function (call: ConstructorParameters<Web3['TransactionInstruction']>[0]) {
    const data = call.data[0] === 12 ? call.data.with(2, 0xff) : call.data
    return new TransactionInstruction({ ...call, data })
  } as never
}
