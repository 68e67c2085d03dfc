import { randomBytes } from 'node:crypto'
import * as web3js199 from '@solana/web3.js'
import { others } from '../other-versions.ts'
import type { TestSolana } from '../../../examples/support/solana/chain.ts'
import type { Buy } from './clients.ts'
import type { SolanaKeyPair } from '../../../examples/support/solana/funds.ts'

/** The classic API; what is synchronous in one version and asynchronous in another is awaited. */
type Web3 = Omit<typeof web3js199, 'Keypair' | 'VersionedTransaction'> & {
  readonly Keypair: { readonly fromSecretKey: (bytes: Uint8Array) => Later<web3js199.Keypair> }
  readonly VersionedTransaction: new (
    message: web3js199.MessageV0,
  ) => {
    readonly sign: (signers: web3js199.Keypair[]) => Later<void>
    readonly serialize: () => Uint8Array
  }
}

type Later<value> = value | Promise<value>

/** The versions of `@solana/web3.js` with the classic API, as far as they are installed. */
export const web3Versions: Readonly<Record<string, Web3>> = {
  '1.99.0': web3js199,
  ...(others && {
    '1.98.4': others.web3js198 as unknown as Web3,
    '3.0.0-rc.2': others.web3js3 as unknown as Web3,
  }),
}

/** What an offer of x402 v2 says of a payment. */
type Terms = {
  readonly amount: string
  readonly asset: string
  readonly payTo: string
  readonly extra: {
    readonly feePayer: string
    readonly memo?: string
    readonly recentBlockhash?: string
  }
}

const ataProgram = 'ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL'
const memoProgram = 'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr'

/** Creates a client made by hand: four instructions of the one shape that every facilitator takes. */
export function createWeb3Client(web3: Web3, chain: TestSolana, payer: SolanaKeyPair): Buy {
  return async (url) => {
    const header = (await fetch(url)).headers.get('payment-required') ?? ''
    const { resource, accepts } = JSON.parse(Buffer.from(header, 'base64').toString()) as {
      readonly resource: unknown
      readonly accepts: readonly [Terms]
    }
    const transaction = await signTransfer(web3, chain, payer, accepts[0])
    const payment = { x402Version: 2, resource, accepted: accepts[0], payload: { transaction } }
    const signature = Buffer.from(JSON.stringify(payment)).toString('base64')
    return fetch(url, { headers: { 'payment-signature': signature } })
  }
}

/** Signs the transfer that an offer asks for; the place of the fee payer's signature stays empty. */
export async function signTransfer(web3: Web3, chain: TestSolana, payer: SolanaKeyPair, terms: Terms): Promise<string> {
  const connection = new web3.Connection(`${chain.url}/client`, 'confirmed')
  const mint = await connection.getAccountInfo(new web3.PublicKey(terms.asset))
  if (!mint) throw new Error(`Failed to find the mint ${terms.asset}`)
  const recentBlockhash = terms.extra.recentBlockhash ?? (await connection.getLatestBlockhash()).blockhash
  const message = new web3.TransactionMessage({
    payerKey: new web3.PublicKey(terms.extra.feePayer),
    recentBlockhash,
    instructions: [
      web3.ComputeBudgetProgram.setComputeUnitLimit({ units: 20_000 }),
      web3.ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 1 }),
      await transferInstruction(web3, payer.address, terms, { program: mint.owner, decimals: mint.data[44] ?? 0 }),
      new web3.TransactionInstruction({
        programId: new web3.PublicKey(memoProgram),
        keys: [],
        data: Buffer.from(terms.extra.memo ?? randomBytes(16).toString('hex')),
      }),
    ],
  }).compileToV0Message()
  const transaction = new web3.VersionedTransaction(message)
  await transaction.sign([await web3.Keypair.fromSecretKey(payer.bytes)])
  return Buffer.from(transaction.serialize()).toString('base64')
}

type Token = { readonly program: web3js199.PublicKey; readonly decimals: number }

async function transferInstruction(
  web3: Web3,
  owner: string,
  { amount, asset, payTo }: Terms,
  { program, decimals }: Token,
): Promise<web3js199.TransactionInstruction> {
  const [mint, authority] = [new web3.PublicKey(asset), new web3.PublicKey(owner)]
  const accountOf = async (holder: web3js199.PublicKey): Promise<web3js199.PublicKey> => {
    const seeds = [holder.toBytes(), program.toBytes(), mint.toBytes()]
    const [address] = await web3.PublicKey.findProgramAddress(seeds, new web3.PublicKey(ataProgram))
    return address
  }
  const data = Buffer.alloc(10)
  data[0] = 12
  data.writeBigUInt64LE(BigInt(amount), 1)
  data[9] = decimals
  return new web3.TransactionInstruction({
    programId: program,
    keys: [
      { pubkey: await accountOf(authority), isSigner: false, isWritable: true },
      { pubkey: mint, isSigner: false, isWritable: false },
      { pubkey: await accountOf(new web3.PublicKey(payTo)), isSigner: false, isWritable: true },
      { pubkey: authority, isSigner: true, isWritable: false },
    ],
    data,
  })
}
