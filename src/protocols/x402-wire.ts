import { z } from 'zod'
import { MalformedMessageError } from '../errors.js'
import type { Authorization, Network, OfferClaim, Payment, PaymentRequired, Receipt, SetAside } from '../types.js'
import { decodeHeader, encodeBase64 } from './base64.js'
import { parseJson } from './json.js'
import type { Answer } from './protocol.js'

/** Reads one entry of `accepts`: a claim, or why it is none. */
export type ReadEntry = (entry: unknown, index: number) => OfferClaim | SetAside

const mostEntries = 16
const largestAmount = (1n << 256n) - 1n

/** Builds a schema when it is first needed, so that importing the library does no work. */
function lazy<value>(build: () => value): () => value {
  let built: { readonly value: value } | undefined
  return () => {
    built ??= { value: build() }
    return built.value
  }
}

/** Identifiers: visible ASCII without spaces, compared exactly and never normalised. */
const identifier = lazy(() => z.string().regex(/^[\x21-\x7e]{1,128}$/))
const extra = lazy(() => z.record(z.string(), z.unknown()).nullish())
/** Zero is refused as well: settling it would burn the nonce. */
const amount = lazy(() =>
  z
    .string()
    .regex(/^[1-9][0-9]{0,77}$/, 'is not a whole positive number of atomic units')
    .transform(BigInt)
    .refine((value) => value <= largestAmount, 'is more than a token can hold'),
)
const seconds = lazy(() => z.number().int().positive())

const entryV2 = lazy(() =>
  z.object({
    scheme: identifier(),
    network: z.string().regex(/^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,64}$/, 'is not a CAIP-2 id'),
    amount: amount(),
    asset: identifier(),
    payTo: identifier(),
    maxTimeoutSeconds: seconds(),
    extra: extra(),
  }),
)

const entryV1 = lazy(() =>
  z.object({
    scheme: identifier(),
    network: identifier(),
    maxAmountRequired: amount(),
    asset: identifier(),
    payTo: identifier(),
    maxTimeoutSeconds: seconds(),
    extra: extra(),
  }),
)

const envelope = lazy(() =>
  z.object({ x402Version: z.number(), accepts: z.array(z.unknown()).max(mostEntries), extensions: extra() }),
)

const settlement = lazy(() =>
  z.object({
    success: z.boolean(),
    network: identifier(),
    transaction: z
      .string()
      .regex(/^[\x21-\x7e]{0,256}$/)
      .nullish(),
    transactionId: z
      .string()
      .regex(/^[\x21-\x7e]{0,256}$/)
      .nullish(),
    payer: identifier().nullish(),
    amount: z
      .string()
      .regex(/^[0-9]{0,78}$/)
      .nullish(),
    errorReason: z.string().nullish(),
  }),
)

/** Reads a v2 entry. */
export function readEntryV2(entry: unknown, index: number): OfferClaim | SetAside {
  const read = entryV2().safeParse(entry)
  if (!read.success) return setAside(index, entry, read.error)
  const { network, ...rest } = read.data
  const claim = { ...rest, index, network: network as Network, extra: rest.extra ?? {}, raw: entry }
  return refuseFlow(claim) ?? claim
}

/** Reads a v1 entry; its network is a name that must be one we know. */
export function readEntryV1(entry: unknown, index: number): OfferClaim | SetAside {
  const read = entryV1().safeParse(entry)
  if (!read.success) return setAside(index, entry, read.error)
  const { network, maxAmountRequired, ...rest } = read.data
  const known = networkOf(network)
  if (!known) return { index, scheme: rest.scheme, network, reason: `network ${network} is not an x402 v1 network` }
  // The v1 packages sign from ten minutes ago, and their facilitators were only ever tried with that.
  const claim = {
    ...rest,
    index,
    network: known,
    amount: maxAmountRequired,
    backdateSeconds: 600,
    extra: rest.extra ?? {},
    raw: entry,
  }
  return refuseFlow(claim) ?? claim
}

/** With any other flow the money is taken before the work is done. */
function refuseFlow({ index, scheme, network, extra }: OfferClaim): SetAside | undefined {
  const flow = extra['paymentFlow'] ?? 'authorization'
  return flow === 'authorization'
    ? undefined
    : { index, scheme, network, reason: `payment flow ${quote(flow)} is not supported` }
}

function setAside(index: number, entry: unknown, error: z.ZodError): SetAside {
  const [issue] = error.issues
  const { scheme, network } = (typeof entry === 'object' ? (entry ?? {}) : {}) as {
    scheme?: unknown
    network?: unknown
  }
  return {
    index,
    scheme: text(scheme),
    network: text(network),
    reason: `${issue?.path.join('.') || 'it'}: ${issue?.message}`,
  }
}

/** Words of a server that may be shown: visible ASCII, and few of them. */
function text(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\x20-\x7e]{1,64}$/.test(value) ? value : undefined
}

function quote(value: unknown): string {
  return text(value) === undefined ? 'of another kind' : JSON.stringify(value)
}

/**
 * Reads a parsed message of one version; answers `undefined` when it offers nothing.
 *
 * @throws MalformedMessageError when its envelope is not of that version.
 */
export function readRequired(
  message: unknown,
  {
    protocol,
    version,
    readEntry,
  }: { readonly protocol: string; readonly version: number; readonly readEntry: ReadEntry },
): PaymentRequired | undefined {
  const read = envelope().safeParse(message)
  if (!read.success) throw malformed(`${read.error.issues[0]?.path.join('.') || 'it'} is not as x402 has it`)
  if (read.data.x402Version !== version) throw malformed(`x402 version ${read.data.x402Version} is not supported here`)
  if (read.data.accepts.length === 0) return undefined
  const entries = read.data.accepts.map(readEntry)
  return Object.freeze({
    protocol,
    claims: Object.freeze(entries.filter((one): one is OfferClaim => 'raw' in one).map((one) => Object.freeze(one))),
    setAside: Object.freeze(entries.filter((one): one is SetAside => 'reason' in one)),
    raw: message as PaymentRequired['raw'],
  })
}

/** Reads a header that holds a message. @throws MalformedMessageError */
export function readHeader(value: string, name: string): unknown {
  const json = decodeHeader(value)
  if (json === undefined) throw malformed(`${name} is not one base64 value of at most 16 KiB`)
  return parseJson(json)
}

/** Writes a message as a header holds it. */
export function writeHeader(message: Readonly<Record<string, unknown>>): string {
  return encodeBase64(JSON.stringify(message))
}

/** Reads what a settlement header says of a payment; what it says of any other is no receipt. Never throws. */
export function readSettlement(
  value: string,
  payment: Payment,
  caip2: (network: string) => string | undefined,
): Answer {
  try {
    const { data } = settlement().safeParse(parseJson(decodeHeader(value) ?? ''))
    if (!data) return { reason: 'the receipt is not as x402 has it' }
    if (!data.success) return { reason: readCode(data.errorReason) ?? 'the server says that it did not settle' }
    return readReceipt(data, payment, caip2(data.network))
  } catch {
    return { reason: 'the receipt cannot be read' }
  }
}

function readReceipt(
  data: z.infer<ReturnType<typeof settlement>>,
  payment: Payment,
  network: string | undefined,
): Answer {
  const { payer, transaction, transactionId } = data
  const charged = data.amount ? BigInt(data.amount) : undefined
  if (network !== payment.asset.network) return { reason: 'the receipt names another network' }
  if (payer && payer.toLowerCase() !== payment.terms.payer.toLowerCase())
    return { reason: 'the receipt names another payer' }
  if (charged !== undefined && charged > payment.amount) return { reason: 'the receipt names more than was authorized' }
  const receipt: Receipt = {
    status: 'claimed',
    transaction: transaction ?? transactionId ?? '',
    network: payment.asset.network,
    payer: payer ?? undefined,
    amount: charged,
  }
  return { receipt: Object.freeze(receipt) }
}

/** Reads an error code, such as `insufficient_funds`; prose is the server's and stays out. */
export function readCode(code: unknown): string | undefined {
  return typeof code === 'string' && /^[A-Za-z0-9_.:-]{1,64}$/.test(code) ? code : undefined
}

/** Adds the payment's id where a server takes one (extension `payment-identifier`), and echoes the rest as it came. */
export function echoExtensions(extensions: unknown, { payment }: Authorization): unknown {
  if (typeof extensions !== 'object' || extensions === null) return undefined
  const declared: unknown = Reflect.get(extensions, 'payment-identifier')
  if (typeof declared !== 'object' || declared === null) return extensions
  const info: unknown = Reflect.get(declared, 'info')
  const withId = { ...(typeof info === 'object' ? info : {}), id: payment.id }
  return { ...extensions, 'payment-identifier': { ...declared, info: withId } }
}

/** Creates the error for a message that breaks its format. */
export function malformed(reason: string): MalformedMessageError {
  return new MalformedMessageError(`Failed to read the 402: ${reason}; nothing was signed`)
}

const networksV1: Readonly<Record<string, Network>> = {
  abstract: 'eip155:2741',
  'abstract-testnet': 'eip155:11124',
  avalanche: 'eip155:43114',
  'avalanche-fuji': 'eip155:43113',
  base: 'eip155:8453',
  'base-sepolia': 'eip155:84532',
  celo: 'eip155:42220',
  educhain: 'eip155:41923',
  ethereum: 'eip155:1',
  flare: 'eip155:14',
  iotex: 'eip155:4689',
  megaeth: 'eip155:4326',
  monad: 'eip155:143',
  peaq: 'eip155:3338',
  polygon: 'eip155:137',
  'polygon-amoy': 'eip155:80002',
  sei: 'eip155:1329',
  'sei-testnet': 'eip155:1328',
  sepolia: 'eip155:11155111',
  'skale-base-sepolia': 'eip155:324705682',
  solana: 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp',
  'solana-devnet': 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1',
  'solana-testnet': 'solana:4uhcVJyU9pJkvQyS88uRDiswHXSCkY3z',
  stable: 'eip155:988',
  'stable-testnet': 'eip155:2201',
  story: 'eip155:1514',
}

/** Answers the CAIP-2 id of an x402 v1 network name. */
export function networkOf(name: string): Network | undefined {
  return Object.hasOwn(networksV1, name) ? networksV1[name] : undefined
}
