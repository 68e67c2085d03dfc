import { createKeyPairSignerFromBytes } from '@solana/kit'
import { wrapFetchWithPayment, x402Client } from '@x402/fetch'
import { ExactSvmScheme } from '@x402/svm/exact/client'
import { needOthers } from '../other-versions.ts'
import { solanaDevnet, type TestSolana } from '../../../examples/support/solana/chain.ts'
import type { SolanaKeyPair } from '../../../examples/support/solana/funds.ts'

/** Buys at a URL; its traffic on the chain has the tag `client`. */
export type Buy = (url: string) => Promise<Response>

/** What a server says happened. */
export type Said = {
  readonly success?: boolean
  readonly transaction?: string
  readonly payer?: string
  readonly network?: string
}

/** Creates the official client of x402 v2, as its README says, for whatever token it is asked for. */
export async function createOfficialClient(chain: TestSolana, { bytes }: SolanaKeyPair): Promise<Buy> {
  const signer = await createKeyPairSignerFromBytes(bytes)
  const scheme = new ExactSvmScheme(signer, { rpcUrl: `${chain.url}/client` })
  // Its own limits take only the tokens that it knows.
  const client = new x402Client().register(solanaDevnet, scheme).setSpendControls(false)
  const pay = wrapFetchWithPayment(fetch, client)
  return (url) => pay(url)
}

/** Creates a client around the official x402 v1; its package for fetch cannot be told which node to ask. */
export async function createOfficialClientV1(chain: TestSolana, { privateKey }: SolanaKeyPair): Promise<Buy> {
  const { createPaymentHeader, createSigner } = needOthers()
  const signer = await createSigner('solana-devnet', privateKey)
  const config = { svmConfig: { rpcUrl: `${chain.url}/client` } }
  return async (url) => {
    const required = (await (await fetch(url)).json()) as { readonly accepts: readonly [never] }
    const header = await createPaymentHeader(signer, 1, required.accepts[0], config)
    return fetch(url, { headers: { 'X-PAYMENT': header } })
  }
}

/** Reads what the server says happened, of either version. */
export function readReceipt(response: Response): Said {
  const header = response.headers.get('payment-response') ?? response.headers.get('x-payment-response')
  return header ? (JSON.parse(Buffer.from(header, 'base64').toString()) as Said) : {}
}
