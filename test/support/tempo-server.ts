import { decodeFunctionData, encodePacked, type Hex, keccak256, slice, stringToHex } from 'viem'
import { Abis, Transaction } from 'viem/tempo'
import { encodeUrl, issueChallenge, isOwnChallenge, type MppChallenge } from './mpp-server.ts'
import { pathUsd } from './tempo.ts'

type Fault = 'endless-402' | 'settle-then-402' | 'settle-then-break'

/** Options of `createTempoServer`. */
export type TempoServerOptions = {
  readonly amount?: string | (() => string) | undefined
  /** What else, or other, the request says. */
  readonly request?: Readonly<Record<string, unknown>> | undefined
  readonly methodDetails?: Readonly<Record<string, unknown>> | undefined
  /** What else, or other, the challenge says. */
  readonly challenge?: Readonly<Record<string, string>> | undefined
  /** @default never the same */
  readonly expires?: (() => string | undefined) | undefined
  readonly fault?: Fault | undefined
  readonly clock?: (() => number) | undefined
}

/** A transfer as viem reads it out of what came. */
export type TempoTransfer = ReturnType<typeof readTransfer>

/** A server that charges by MPP on Tempo, as a function from request to response, and what it saw. */
export type TempoServer = ((request: Request) => Promise<Response>) & {
  readonly transfers: readonly TempoTransfer[]
  /** The same, as they came. */
  readonly signed: readonly Hex[]
  readonly challenges: readonly MppChallenge[]
  /** What a chain would have executed, by what makes two transfers one. */
  readonly settled: ReadonlySet<string>
}

export const payee: Hex = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C'

/** Makes a server that sells one thing for a cent, and pays the fee: each of its challenges is another. */
export function createTempoServer(options: TempoServerOptions = {}): TempoServer {
  const { clock = Date.now, fault, amount = '10000' } = options
  const transfers: TempoTransfer[] = []
  const signed: Hex[] = []
  const challenges: MppChallenge[] = []
  const settled = new Set<string>()
  let count = 0
  const ask = (problem: string): Response => {
    count += 1
    const at = new Date(clock() + 300_000 + count).toISOString()
    const expires = options.expires ? options.expires() : at
    const challenge = issueChallenge({
      method: 'tempo',
      intent: 'charge',
      request: encodeUrl({
        amount: typeof amount === 'string' ? amount : amount(),
        currency: pathUsd,
        recipient: payee,
        ...options.request,
        methodDetails: { chainId: 42431, feePayer: true, ...options.methodDetails },
      }),
      ...(expires && { expires }),
      ...options.challenge,
    })
    const parameters = Object.entries(challenge).map(([name, value]) => `${name}="${value}"`)
    const body = JSON.stringify({ type: `https://paymentauth.org/problems/${problem}`, status: 402 })
    return new Response(body, { status: 402, headers: { 'WWW-Authenticate': `Payment ${parameters.join(', ')}` } })
  }
  const server = async (request: Request): Promise<Response> => {
    const [, token] = /^Payment ([\w-]+)$/.exec(request.headers.get('authorization') ?? '') ?? []
    if (token === undefined) return ask('payment-required')
    const { challenge, payload } = JSON.parse(Buffer.from(token, 'base64url').toString())
    const transfer = readTransfer(payload.signature)
    challenges.push(challenge)
    transfers.push(transfer)
    signed.push(payload.signature)
    if (fault === 'endless-402' || !isOf(transfer, challenge, clock())) return ask('verification-failed')
    const isNew = !settled.has(transfer.once)
    settled.add(transfer.once)
    if (fault === 'settle-then-402') return ask('verification-failed')
    if (fault === 'settle-then-break' && isNew) throw new TypeError('the connection broke')
    const receipt = {
      status: 'success',
      method: 'tempo',
      timestamp: new Date(clock()).toISOString(),
      reference: transfer.once,
    }
    return Response.json({ sky: 'clear' }, { headers: { 'Payment-Receipt': encodeUrl(receipt) } })
  }
  return Object.assign(server, { transfers, signed, challenges, settled })
}

/** Reads what came as viem does, which recovers who signed it. */
export function readTransfer(serialized: Hex) {
  const {
    calls = [],
    from,
    nonceKey,
    nonce,
    validBefore,
    validAfter,
    feeToken,
    gas,
    maxFeePerGas,
    chainId,
    ...more
  } = Transaction.deserialize(serialized as never) as unknown as Readonly<Record<string, never>> & {
    readonly calls?: readonly { readonly to: Hex; readonly data: Hex; readonly value?: bigint }[]
  }
  const [call] = calls
  if (!call || calls.length > 1) throw new TypeError(`there are ${calls.length} calls`)
  const { functionName, args } = decodeFunctionData({ abi: Abis.tip20, data: call.data })
  if (functionName !== 'transferWithMemo') throw new TypeError(`it calls ${functionName}`)
  const [to, amount, memo] = args
  return {
    token: call.to,
    value: call.value ?? 0n,
    to,
    amount,
    memo,
    from: from as Hex | undefined,
    nonceKey: nonceKey as bigint | undefined,
    nonce: nonce as number | undefined,
    validBefore: Number(validBefore),
    validAfter,
    feeToken: feeToken as Hex | undefined,
    gas: BigInt(gas ?? 0),
    maxFeePerGas: BigInt(maxFeePerGas ?? 0),
    chainId: Number(chainId),
    isSponsored: serialized.startsWith('0x78'),
    more,
    // Not the signatures: with others it is the same to the chain.
    once: keccak256(
      encodePacked(
        ['address', 'bytes', 'uint256', 'uint256'],
        [call.to, call.data, BigInt(validBefore ?? 0), BigInt(gas ?? 0)],
      ),
    ),
  }
}

/** Checks as servers of MPP do: that the challenge is its own and lives, and that the transfer is of exactly it. */
function isOf(transfer: TempoTransfer, challenge: MppChallenge, now: number): boolean {
  const { amount, recipient, currency, methodDetails } = JSON.parse(
    Buffer.from(challenge.request, 'base64url').toString(),
  )
  const isAlive = isOwnChallenge(challenge) && Date.parse(challenge['expires'] ?? '9999') > now
  const isExact = transfer.to === recipient && String(transfer.amount) === amount
  const isOfToken = transfer.token.toLowerCase() === String(currency).toLowerCase()
  const hash = (text: string | undefined, bytes: number): string =>
    slice(keccak256(stringToHex(text ?? '')), 0, bytes).slice(2)
  const memo = `0xef1ed71201${hash(challenge['realm'], 10)}${'0'.repeat(20)}${hash(challenge['id'], 7)}`
  const isBound = transfer.memo === memo && transfer.chainId === methodDetails.chainId
  return isAlive && isExact && isOfToken && isBound && transfer.validBefore * 1000 > now
}
