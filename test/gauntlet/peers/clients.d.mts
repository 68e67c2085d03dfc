export type ClientOptions = { readonly privateKey: `0x${string}`; readonly fetch: typeof globalThis.fetch }

export type Client = {
  /** The package whose version is told. */
  readonly package: string
  /** What it speaks, on EVM chains. */
  readonly protocols: readonly string[]
  readonly create: (options: ClientOptions) => Promise<typeof globalThis.fetch>
}

export const clients: Readonly<Record<string, Client>>
export function versionOf(name: string): string | undefined
