import type { Mock402Method } from '../mock/book.js'
import type { GauntletLightning } from './lightning.js'
import type { GauntletNode } from './permit-node.js'

/** What a payer may have, so that cases about what it does not have say so and are not held against it. */
export type PayerFeature =
  /** Its owner limits what all payments come to. */
  | 'budget'
  /** It pays in tokens that it knows, or that its owner has named. */
  | 'assets'
  /** It pays on networks that its owner has named. */
  | 'networks'
  /** It limits how long what it signs can be settled. */
  | 'window'
  /** It knows a purchase again, when it is called again after an answer was lost. */
  | 'purchases'
  /** It chooses the cheaper of several offers. */
  | 'cheapest'
  /** It tells the caller of a payment whose outcome is unknown. */
  | 'outcomes'
  /** It signs no two payments with one permit of a token. */
  | 'permits'

/** How the money moves in every case; on Solana, on its devnet. */
export type GauntletMethod = Exclude<Mock402Method, 'upto'>

/** What a case gives a payer. */
export type GauntletScene = {
  /** What every request of the payer has to go through. */
  readonly fetch: typeof globalThis.fetch
  /** A key that everybody knows. */
  readonly privateKey: `0x${string}`
  /** What the payer's owner allows, of which it takes what it has a feature for. */
  readonly limits: {
    readonly host: string
    readonly network: 'eip155:84532' | 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1'
    readonly totalUsd: '0.05'
  }
  /** On Solana: the same key as its wallets write it, in base58, and a node to ask. */
  readonly solana?: { readonly privateKey: string; readonly node: typeof globalThis.fetch } | undefined
  /** A Lightning wallet on regtest, in cases of L402; what is paid by it is in millisatoshis, and a bitcoin is worth $100,000. */
  readonly lightning?: GauntletLightning | undefined
  /** A node of the network, in cases about what a payer has to ask of its chain. */
  readonly node?: GauntletNode | undefined
}

/** A client that pays: how to set it up, and what it has. */
export type GauntletPayer = {
  /** Creates a client that has paid nothing yet. */
  readonly create: (scene: GauntletScene) => typeof globalThis.fetch | Promise<typeof globalThis.fetch>
  /** @default 'x402' */
  readonly protocol?: 'x402' | 'x402-v1' | undefined
  /** @default 'eip3009' */
  readonly method?: GauntletMethod | undefined
  /** @default none */
  readonly features?: readonly PayerFeature[] | undefined
}

/** What every case gives: the first development key of Hardhat and Anvil, and limits. */
export const scene: Omit<GauntletScene, 'fetch' | 'solana'> = {
  privateKey: '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  limits: { host: 'shop.example', network: 'eip155:84532', totalUsd: '0.05' },
}

/** The same on Solana. */
export function sceneOn(method: GauntletMethod, node: typeof globalThis.fetch): Omit<GauntletScene, 'fetch'> {
  if (method !== 'solana') return scene
  const limits = { ...scene.limits, network: 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1' } as const
  return { ...scene, limits, solana: { privateKey: solanaKey, node } }
}

/** The development key above and its public key. */
const solanaKey = '4SViGUWoJLn1bEKnittqkxCkSR3W3oTVNsLwoLpBDLP7gH5wNusfc6ZeomfiE7Cvqr1q8ayaFpH9WFwng8RHntuh'
