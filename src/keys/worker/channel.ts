import * as z from 'zod/mini'
import type { KeyFileProblem } from '../file/key-file-error.js'

/** What a worker is asked: nothing with which anything but payments and sign-ins could be signed, or a key be read. */
export type WorkerRequest =
  | {
      readonly type: 'open'
      readonly path: string
      readonly create: boolean
      readonly use?: readonly string[] | undefined
      readonly idleSeconds?: number | undefined
    }
  | { readonly type: 'addresses' }
  | { readonly type: 'unlock'; readonly password: Uint8Array }
  | { readonly type: 'lock' }
  | { readonly type: 'derive'; readonly purpose: string }
  | { readonly type: 'find'; readonly network: string }
  | { readonly type: 'signTypedData'; readonly network: string; readonly data: unknown }
  | { readonly type: 'signApproval'; readonly network: string; readonly transaction: unknown }
  | { readonly type: 'signCharge'; readonly network: string; readonly charge: unknown }
  | { readonly type: 'signMessage'; readonly network: string; readonly message: Uint8Array }
  | { readonly type: 'signIn'; readonly network: string; readonly claim: unknown }

/** A request and its number, by which the answer finds it. */
export type Envelope = { readonly id: number; readonly request: WorkerRequest }

/** The answer to a request, or the word for why there is none. */
export type WorkerReply = { readonly id: number } & (
  | { readonly value: unknown }
  | { readonly problem: KeyFileProblem | 'failed' }
)

const bytes = (max: number) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length > 0 && value.length <= max)
const text = (max: number) => z.string().check(z.maxLength(max))

const request = () =>
  z.discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('open'),
      path: text(4096),
      create: z.boolean(),
      use: z.optional(z.array(text(64)).check(z.maxLength(64))),
      idleSeconds: z.optional(z.number().check(z.positive())),
    }),
    z.strictObject({ type: z.literal('addresses') }),
    z.strictObject({ type: z.literal('unlock'), password: bytes(4096) }),
    z.strictObject({ type: z.literal('lock') }),
    z.strictObject({ type: z.literal('derive'), purpose: text(256) }),
    z.strictObject({ type: z.literal('find'), network: text(64) }),
    z.strictObject({ type: z.literal('signTypedData'), network: text(64), data: z.unknown() }),
    z.strictObject({ type: z.literal('signApproval'), network: text(64), transaction: z.unknown() }),
    z.strictObject({ type: z.literal('signCharge'), network: text(64), charge: z.unknown() }),
    z.strictObject({ type: z.literal('signMessage'), network: text(64), message: bytes(1232) }),
    z.strictObject({ type: z.literal('signIn'), network: text(64), claim: z.unknown() }),
  ])

const numbered = () => z.object({ id: z.int() })

/** Reads the number of what came, by which even a refusal finds who asked. */
export function readId(message: unknown): number | undefined {
  const parsed = numbered().safeParse(message)
  return parsed.success ? parsed.data.id : undefined
}

/** Reads a request in the worker; the other side is the agent's process, and may be anybody's by now. */
export function readRequest(message: unknown): WorkerRequest | undefined {
  const parsed = z.strictObject({ id: z.int(), request: request() }).safeParse(message)
  return parsed.success ? parsed.data.request : undefined
}
