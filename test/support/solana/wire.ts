import { randomBytes } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519'
import { concatBytes } from '@noble/hashes/utils'
import { sha512 } from '@noble/hashes/sha2'
import { bytesToNumberLE, numberToBytesLE } from '@noble/curves/utils'
import { Keypair, VersionedTransaction } from '@solana/web3.js'
import { devnetUsdc, type TestSolana } from '../../../examples/support/solana/chain.ts'
import type { SolanaKeyPair } from '../../../examples/support/solana/funds.ts'
import { signTransfer, web3Versions } from './web3-client.ts'

/** What a node answers: a result or an error. */
export type Answer = { readonly result?: unknown; readonly error?: { readonly code: number; readonly data?: unknown } }

/** Asks the node as a program without a library does. */
export async function ask(
  { url }: Pick<TestSolana, 'url'>,
  method: string,
  params: readonly unknown[] = [],
  tag = 'test',
): Promise<Answer> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const response = await fetch(`${url}/${tag}`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  })
  return (await response.json()) as Answer
}

/** A payment between two parties, whose fee somebody else pays. */
export type Parties = { readonly payer: SolanaKeyPair; readonly payTo: string; readonly feePayer: SolanaKeyPair }

/** Makes the parties of a payment: a payer with one USDC, a payee, and who pays the fee. */
export async function createParties(chain: TestSolana): Promise<Parties> {
  const [payer, payTo] = await Promise.all([chain.createPayer(1_000_000n), chain.createPayee()])
  return { payer, payTo, feePayer: chain.createSender() }
}

/** Signs a payment as its payer does, in base64, with a text that nobody else has unless it is given. */
export function signPayment(
  chain: TestSolana,
  { payer, payTo, feePayer }: Parties,
  { amount = 1000n, memo = randomBytes(16).toString('hex') } = {},
): Promise<string> {
  const web3 = web3Versions['1.99.0']
  if (!web3) throw new Error('Failed to find @solana/web3.js')
  const terms = { amount: amount.toString(), asset: devnetUsdc, payTo, extra: { feePayer: feePayer.address, memo } }
  return signTransfer(web3, chain, payer, terms)
}

/** Adds the signature of who pays the fee. */
export function cosign(transaction: string, { bytes }: SolanaKeyPair): string {
  const signed = VersionedTransaction.deserialize(Buffer.from(transaction, 'base64'))
  signed.sign([Keypair.fromSecretKey(bytes)])
  return Buffer.from(signed.serialize()).toString('base64')
}

/**
 * Signs a message with a nonce of chance, where everybody takes one from the key and the message: a good signature, and
 * another each time, so that one transaction has many names.
 */
export function signAnew(message: Uint8Array, { bytes }: SolanaKeyPair): Uint8Array {
  const order = ed25519.CURVE.n
  const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(bytes.slice(0, 32))
  const nonce = bytesToNumberLE(randomBytes(64)) % order
  const commitment = ed25519.ExtendedPoint.BASE.multiply(nonce).toRawBytes()
  const challenge = bytesToNumberLE(sha512(concatBytes(commitment, pointBytes, message))) % order
  return concatBytes(commitment, numberToBytesLE((nonce + challenge * scalar) % order, 32))
}

/** Sends a payment signed by both, without a look at it first, and says its name. */
export async function sendPayment(chain: TestSolana, transaction: string, feePayer: SolanaKeyPair): Promise<string> {
  const config = { encoding: 'base64', skipPreflight: true }
  const { result } = await ask(chain, 'sendTransaction', [cosign(transaction, feePayer), config])
  return String(result)
}
