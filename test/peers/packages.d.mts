import type * as web3js from '@solana/web3.js'
import type { RequestHandler } from 'express'
import type { MiddlewareHandler } from 'hono'

/** The parts that are called, so that the types need nothing that is not installed. */
type Sell<middleware> = (
  payTo: string,
  routes: Readonly<Record<string, object>>,
  facilitator: { readonly url: string },
) => middleware
type Signer = object
type Config = { readonly svmConfig: { readonly rpcUrl: string } }
type Judge = (signer: Signer, payload: object, requirements: object, config: Config) => Promise<unknown>

export class Anthropic {
  constructor(options: {
    readonly apiKey: string
    readonly baseURL: string
    readonly fetch: typeof fetch
    readonly maxRetries: number
  })
  readonly messages: { readonly create: (message: object) => Promise<unknown> }
}
export const web3js198: typeof web3js
/** Signs later where the others sign at once. */
export const web3js3: Omit<typeof web3js, 'Keypair' | 'VersionedTransaction'> & {
  readonly Keypair: { readonly fromSecretKey: (bytes: Uint8Array) => Promise<web3js.Keypair> }
  readonly VersionedTransaction: {
    readonly deserialize: (wire: Uint8Array) => Omit<web3js.VersionedTransaction, 'sign'> & {
      readonly sign: (signers: readonly web3js.Keypair[]) => Promise<void>
    }
  }
}
export const expressV1: Sell<RequestHandler>
export const honoV1: Sell<MiddlewareHandler>
export function createSigner(network: string, privateKey: string): Promise<Signer>
export function createPaymentHeader(signer: Signer, version: number, offer: object, config: Config): Promise<string>
export const settle: Judge
export const verify: Judge
