import * as z from 'zod/mini'
import type { Network, OfferClaim, SetAside } from '../../types.js'
import { fieldsOf } from '../fields.js'
import { lazy } from '../../lib/lazy.js'
import { untrustedWord } from '../../lib/untrusted.js'
import { networkOfV1 } from './networks.js'

/** Reads one entry of `accepts`: a claim, or why it is none. */
export type ReadEntry = (entry: unknown, index: number) => OfferClaim | SetAside

const maxAmount = (1n << 256n) - 1n
/** The v1 packages sign from ten minutes ago, and their facilitators were only ever tried with that. */
const backdateSecondsV1 = 600

const name = lazy(() => pattern(/^[\x21-\x7e]{1,64}$/, 'is not a short word'))
const address = lazy(() => pattern(/^[\x21-\x7e]{1,128}$/, 'is not an address'))
/** CAIP-2, compared to the letter and never normalised; a chain id has only one decimal form. */
const caip2 = lazy(() =>
  pattern(/^(?:eip155:[1-9][0-9]{0,14}|(?!eip155:)[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,44})$/, 'is not a CAIP-2 id'),
)
/** Zero is refused as well: settling it would burn the nonce. */
const amount = lazy(() =>
  z
    .pipe(
      pattern(/^[1-9][0-9]{0,77}$/, 'is not a whole positive number of atomic units in a string'),
      z.transform((digits: string) => BigInt(digits)),
    )
    .check(z.refine((value) => value <= maxAmount, 'is more than a token can hold')),
)
const seconds = lazy(() => z.int('is not a whole number').check(z.positive('is not a positive number')))
const record = lazy(() => z.nullish(z.record(z.string(), z.unknown(), 'is not an object')))
/** An entry that has the amount of both versions can be read as two prices. */
const absent = lazy(() => z.nullish(z.never('belongs to another version of x402')))

const common = () => ({
  scheme: name(),
  asset: address(),
  payTo: address(),
  maxTimeoutSeconds: seconds(),
  paymentFlow: z.optional(z.unknown()),
  extra: record(),
})

const entryV2 = lazy(() => z.object({ ...common(), network: caip2(), amount: amount(), maxAmountRequired: absent() }))
const entryV1 = lazy(() => z.object({ ...common(), network: name(), maxAmountRequired: amount(), amount: absent() }))

function pattern(expression: RegExp, problem: string): z.ZodMiniString {
  return z.string(problem).check(z.regex(expression, problem))
}

/** Reads a v2 entry. */
export function readEntryV2(entry: unknown, index: number): OfferClaim | SetAside {
  const read = entryV2().safeParse(entry)
  if (!read.success) return refuseShape(entry, index, read.error)
  const { network, amount } = read.data
  return (
    refuseFlow(read.data, { entry, index }) ??
    claimOf(read.data, { index, network: network as Network, amount, raw: entry })
  )
}

/** Reads a v1 entry; its network is a name that must be one we know. The v1 facilitators for Solana take no memo. */
export function readEntryV1(entry: unknown, index: number): OfferClaim | SetAside {
  const read = entryV1().safeParse(entry)
  if (!read.success) return refuseShape(entry, index, read.error)
  const { network, maxAmountRequired: amount } = read.data
  const known = networkOfV1(network)
  if (!known) return aside(entry, index, 'its network is not one of x402 version 1')
  const claim = claimOf(read.data, { index, network: known, amount, raw: entry })
  return refuseFlow(read.data, { entry, index }) ?? { ...claim, backdateSeconds: backdateSecondsV1, takesMemo: false }
}

type Common = {
  readonly scheme: string
  readonly network: string
  readonly asset: string
  readonly payTo: string
  readonly maxTimeoutSeconds: number
  readonly paymentFlow?: unknown
  readonly extra?: Record<string, unknown> | null | undefined
}

function claimOf(
  { scheme, asset, payTo, maxTimeoutSeconds, extra }: Common,
  rest: Pick<OfferClaim, 'index' | 'network' | 'amount' | 'raw'>,
): OfferClaim {
  return { scheme, asset, payTo, maxTimeoutSeconds, extra: extra ?? {}, ...rest }
}

/** With any flow but this one the money is taken before the work is done. */
function refuseFlow(
  { paymentFlow, extra }: Common,
  { entry, index }: { readonly entry: unknown; readonly index: number },
): SetAside | undefined {
  const flow = [paymentFlow, extra?.['paymentFlow']].find((one) => (one ?? 'authorization') !== 'authorization')
  return flow === undefined ? undefined : aside(entry, index, 'its payment flow is not supported')
}

function refuseShape(entry: unknown, index: number, { issues: [issue] }: z.core.$ZodError): SetAside {
  const reason = issue?.path.length ? `${String(issue.path[0])} ${issue.message}` : 'it is not an object'
  return aside(entry, index, reason)
}

function aside(entry: unknown, index: number, reason: string): SetAside {
  const { scheme, network, asset } = fieldsOf(entry)
  return {
    index,
    reason,
    untrustedScheme: untrustedWord(scheme),
    untrustedNetwork: untrustedWord(network),
    untrustedAsset: untrustedWord(asset),
  }
}
