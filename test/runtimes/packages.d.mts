import type { PostgresPool } from 'stipend/postgres'

/** The parts that are called, so that the types need nothing that is not installed. */
export class Miniflare {
  constructor(options: Readonly<Record<string, unknown>>)
  dispatchFetch(url: string, init?: RequestInit): Promise<Response>
  dispose(): Promise<void>
}

export class EdgeVM {
  constructor(options?: { readonly initialCode?: string })
  evaluate(code: string): unknown
}

export const neon: {
  readonly Pool: new (options: Readonly<Record<string, unknown>>) => PostgresPool & { end(): Promise<void> }
  readonly neonConfig: Record<string, unknown>
}

export const vite: {
  readonly version: string
  build(options: Readonly<Record<string, unknown>>): Promise<unknown>
}

type Stats = {
  hasErrors(): boolean
  hasWarnings(): boolean
  toString(): string
}

export const webpack: {
  (options: Readonly<Record<string, unknown>>, done: (error: Error | null, stats?: Stats) => void): unknown
  readonly version: string
  readonly optimize: { readonly LimitChunkCountPlugin: new (options: { readonly maxChunks: number }) => object }
}
