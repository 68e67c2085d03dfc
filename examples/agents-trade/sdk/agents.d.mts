import type { A2AClient } from 'stipend/a2a'

/** What an agent asks for each answer, as x402 writes it. */
export type Requirements = Readonly<Record<string, unknown>>

export type AgentOptions = {
  readonly name: string
  readonly requirements: Requirements
  readonly facilitator: {
    readonly verify: (payload: never, requirements: never) => Promise<unknown>
    readonly settle: (payload: never, requirements: never) => Promise<unknown>
  }
  readonly work: (question: string) => string | Promise<string>
  /** @default '1.0' */
  readonly protocolVersion?: string | undefined
}

export type Agent = {
  readonly url: string
  readonly endpoint: string
  readonly sales: () => number
  readonly close: () => Promise<void>
}

export function startAgent(options: AgentOptions): Promise<Agent>
export function openClient(url: string): Promise<A2AClient>
export function question(text: string): never
export function textOf(parts: readonly unknown[]): string
