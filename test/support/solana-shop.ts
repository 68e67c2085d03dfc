import { getBase58Decoder, getCompiledTransactionMessageDecoder, getTransactionDecoder } from '@solana/kit'
import { createAssetTable } from '../../src/assets/table.js'
import { priceOffers } from '../../src/pay/price.js'
import { type Offer, x402 } from '../../src/index.js'
import { type Listening, listen } from './listen.ts'
import { messageV2, requiredV2 } from './offers.ts'
import { devnetUsdc, type Parties, sendPayment, solanaDevnet, type TestSolana } from './solana/index.ts'

export type Json = Readonly<Record<string, unknown>>

/** A server that asks for whatever a test wants to be asked for, and keeps the transactions that it is sent. */
export type SolanaShop = Listening & {
  /** In base64, in the order in which they came. */
  readonly transactions: readonly string[]
}

/** What a shop does with a payment: answer it, or let its customer wait for nothing. */
export type Answer = (transaction: string) => Response | Promise<Response>

/** Writes an entry of `accepts`: a tenth of a cent in USDC, to the payee of the parties. */
export function entryFor({ payTo, feePayer }: Parties, different: Json = {}): Json {
  return {
    scheme: 'exact',
    network: solanaDevnet,
    asset: devnetUsdc,
    amount: '1000',
    payTo,
    maxTimeoutSeconds: 60,
    ...different,
    extra: { feePayer: feePayer.address, ...Object(different['extra']) },
  }
}

/** Reads an entry as the pipeline does. */
export function offerOf(entry: Json): Offer {
  const { claims } = x402().parse(messageV2(requiredV2([entry]))) ?? { claims: [] }
  const [offer] = priceOffers(claims, createAssetTable()).offers
  if (!offer) throw new Error('Failed to read the entry: it offers nothing that is known')
  return offer
}

/** Reads what a shop asks the parties for. */
export function offerFor(parties: Parties): Offer {
  return offerOf(entryFor(parties))
}

/** Starts a shop, whose clock is the test's. */
export async function startShop(
  accepts: readonly Json[],
  answer: Answer = () => new Response('sold'),
  clock: () => number = Date.now,
): Promise<SolanaShop> {
  const transactions: string[] = []
  const server = await listen((request) => {
    const payment = request.headers.get('payment-signature')
    if (payment === null) return ask(request, accepts, clock)
    const { payload } = JSON.parse(atob(payment)) as { readonly payload: { readonly transaction: string } }
    transactions.push(payload.transaction)
    return answer(payload.transaction)
  })
  return { ...server, transactions }
}

/** Takes the money as a facilitator does, without a look at what it signs. */
export function settling(chain: TestSolana, { feePayer }: Parties): Answer {
  return async (transaction) => {
    await sendPayment(chain, transaction, feePayer)
    return new Response('sold')
  }
}

function ask({ url }: Request, accepts: readonly Json[], clock: () => number): Response {
  const message = { x402Version: 2, error: 'Payment required', resource: { url }, accepts }
  const headers = { 'payment-required': encode(message), date: new Date(clock()).toUTCString() }
  return new Response('{}', { status: 402, headers })
}

function encode(message: unknown): string {
  return Buffer.from(JSON.stringify(message)).toString('base64')
}

/** What a transaction says, as the official library reads it. */
export type Described = {
  readonly version: number
  readonly header: Json
  readonly blockhash: string
  readonly accounts: readonly string[]
  /** Of lookup tables. */
  readonly tables: number
  readonly instructions: readonly {
    readonly program: string
    readonly accounts: readonly string[]
    readonly data: string
  }[]
  /** By signer, in hex; nothing where there is none. */
  readonly signatures: Readonly<Record<string, string | null>>
}

/** Reads a transaction with the official library. */
export function describeTransaction(transaction: string): Described {
  const { messageBytes, signatures } = getTransactionDecoder().decode(Buffer.from(transaction, 'base64'))
  const message = getCompiledTransactionMessageDecoder().decode(messageBytes)
  if (message.version !== 0) throw new Error('Failed to read the transaction: it is not of version 0')
  const accounts: readonly string[] = message.staticAccounts
  const at = (index: number): string => accounts[index] ?? ''
  return {
    version: message.version,
    header: message.header,
    blockhash: message.lifetimeToken,
    accounts,
    tables: message.addressTableLookups?.length ?? 0,
    instructions: message.instructions.map(({ programAddressIndex, accountIndices = [], data }) => ({
      program: at(programAddressIndex),
      accounts: accountIndices.map(at),
      data: Buffer.from(data ?? []).toString('hex'),
    })),
    signatures: Object.fromEntries(
      Object.entries(signatures).map(([signer, bytes]) => [signer, bytes && Buffer.from(bytes).toString('hex')]),
    ),
  }
}

/** Writes 32 bytes as an address that nobody has a key for. */
export function addressOf(byte: number): string {
  return getBase58Decoder().decode(new Uint8Array(32).fill(byte))
}
