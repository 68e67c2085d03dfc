export type ClientOptions = { readonly privateKey: `0x${string}`; readonly fetch: typeof globalThis.fetch }

/** The key in base58, and a node to ask. */
export type SolanaClientOptions = {
  readonly privateKey: string
  readonly rpcUrl: string
  readonly fetch: typeof globalThis.fetch
}

export type Client = {
  /** The package whose version is told. */
  readonly package: string
  /** What it speaks, on EVM chains. */
  readonly protocols: readonly string[]
  readonly create: (options: ClientOptions) => Promise<typeof globalThis.fetch>
  readonly createOnSolana?: (options: SolanaClientOptions) => Promise<typeof globalThis.fetch>
}

export const clients: Readonly<Record<string, Client>>
export function versionOf(name: string): string | undefined
