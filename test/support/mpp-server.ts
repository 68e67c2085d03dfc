import { createHmac } from 'node:crypto'
import { type Hex, keccak256, recoverTypedDataAddress, toBytes } from 'viem'

/** A challenge, as it is in the parameters of the header; its request in the clear. */
export type MppChallenge = Readonly<Record<string, string>> & { readonly request: string }

type Fault = 'endless-402' | 'settle-then-402' | 'settle-then-break'

/** Options of `createMppServer`. */
export type MppServerOptions = {
  readonly amount?: string | undefined
  /** What else, or other, the request says. */
  readonly request?: Readonly<Record<string, unknown>> | undefined
  /** What else, or other, the challenge says. */
  readonly challenge?: Readonly<Record<string, string>> | undefined
  /** @default never the same */
  readonly expires?: (() => string | undefined) | undefined
  readonly fault?: Fault | undefined
  /** What else a 402 has. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly clock?: (() => number) | undefined
}

/** A server that charges by MPP, as a function from request to response, and what it saw. */
export type MppServer = ((request: Request) => Promise<Response>) & {
  readonly credentials: readonly Credential[]
  /** The nonces that it took money for. */
  readonly settled: ReadonlySet<string>
}

type Credential = {
  readonly challenge: MppChallenge
  readonly payload: Readonly<Record<string, string>>
  readonly source?: string
}

const secret = 'test-secret-key-at-least-32-bytes-long!!'
const realm = 'api.example.com'
const payTo = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C'

/** Writes as MPP does: base64url without padding. */
export function encodeUrl(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** Issues a challenge whose id binds it to the server. */
export function issueChallenge(parameters: Readonly<Record<string, string>>): MppChallenge {
  const plain = { realm, request: '', ...parameters }
  return { id: idOf(plain), ...plain }
}

/** Tells whether a challenge that came back is one that was issued here. */
export function isOwnChallenge({ id, ...rest }: MppChallenge): boolean {
  return id === idOf(rest)
}

/** Makes a server that sells one thing for a cent: each of its challenges is another, and each authorization is taken once. */
export function createMppServer(options: MppServerOptions = {}): MppServer {
  const { clock = Date.now, fault } = options
  const credentials: Credential[] = []
  const settled = new Set<string>()
  let count = 0
  const issue = (): MppChallenge => {
    count += 1
    const at = new Date(clock() + 300_000 + count).toISOString()
    const expires = options.expires ? options.expires() : at
    const { methodDetails, ...other } = options.request ?? {}
    const details = { chainId: 84532, credentialTypes: ['authorization'], decimals: 6, ...Object(methodDetails) }
    const currency = '0x036CbD53842c5426634e7929541eC2318f3dCF7e'
    const request = sorted({
      amount: options.amount ?? '10000',
      currency,
      recipient: payTo,
      ...other,
      methodDetails: sorted(details),
    })
    const plain = {
      realm,
      method: 'evm',
      intent: 'charge',
      request: encodeUrl(request),
      ...(expires && { expires }),
      ...options.challenge,
    }
    return { id: idOf(plain), ...plain }
  }
  const ask = (problem: string): Response => {
    const parameters = Object.entries(issue()).map(([name, value]) => `${name}="${value}"`)
    const body = JSON.stringify({
      type: `https://paymentauth.org/problems/${problem}`,
      status: 402,
      detail: 'as it says',
    })
    const headers = {
      'WWW-Authenticate': `Payment ${parameters.join(', ')}`,
      'Cache-Control': 'no-store',
      ...options.headers,
    }
    return new Response(body, { status: 402, headers })
  }
  const server = async (request: Request): Promise<Response> => {
    const written = request.headers.get('payment-authorization') ?? request.headers.get('authorization') ?? ''
    const [, token] = /^Payment ([\w-]+)$/.exec(written) ?? []
    if (token === undefined) return ask('payment-required')
    const credential: Credential = JSON.parse(Buffer.from(token, 'base64url').toString())
    credentials.push(credential)
    const isGood = await isPaid(credential, clock())
    if (!isGood || fault === 'endless-402') return ask('verification-failed')
    const nonce = String(credential.payload['nonce'])
    const isNew = !settled.has(nonce)
    settled.add(nonce)
    if (fault === 'settle-then-402') return ask('verification-failed')
    if (fault === 'settle-then-break' && isNew) throw new TypeError('the connection broke')
    const receipt = {
      status: 'success',
      method: 'evm',
      timestamp: new Date(clock()).toISOString(),
      reference: keccak256(toBytes(nonce)),
      challengeId: credential.challenge['id'],
    }
    return Response.json({ sky: 'clear' }, { headers: { 'Payment-Receipt': encodeUrl(receipt) } })
  }
  return Object.assign(server, { credentials, settled })
}

function sorted(value: object): object {
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)))
}

function idOf(challenge: Readonly<Record<string, string | undefined>>): string {
  const slots = ['realm', 'method', 'intent', 'request', 'expires', 'digest', 'opaque'].map(
    (name) => challenge[name] ?? '',
  )
  return createHmac('sha256', secret).update(slots.join('|')).digest('base64url')
}

/** Checks as servers of MPP do: that the challenge is its own and lives, and that the authorization is of exactly it. */
async function isPaid({ challenge, payload, source }: Credential, now: number): Promise<boolean> {
  const { id, ...rest } = challenge
  const { amount, recipient, currency } = JSON.parse(Buffer.from(challenge.request, 'base64url').toString())
  const { from, to, value, validAfter, validBefore, nonce, signature, type } = payload as Record<string, Hex>
  const isOurs = id === idOf(rest) && Date.parse(challenge['expires'] ?? '9999') > now
  const isExact = (type as string) === 'authorization' && to === recipient && (value as string) === amount
  const isBound =
    nonce === keccak256(toBytes(`${id}${challenge['realm']}`)) && source === `did:pkh:eip155:84532:${from}`
  if (!isOurs || !isExact || !isBound || Number(validBefore) * 1000 <= now) return false
  const message = {
    from,
    to,
    value: BigInt(value ?? 0),
    validAfter: BigInt(validAfter ?? 0),
    validBefore: BigInt(validBefore ?? 0),
    nonce,
  }
  const signer = await recoverTypedDataAddress({
    domain: { name: 'USDC', version: '2', chainId: 84532, verifyingContract: currency },
    types: {
      TransferWithAuthorization: [
        { name: 'from', type: 'address' },
        { name: 'to', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'validAfter', type: 'uint256' },
        { name: 'validBefore', type: 'uint256' },
        { name: 'nonce', type: 'bytes32' },
      ],
    },
    primaryType: 'TransferWithAuthorization',
    message: message as never,
    signature: signature ?? '0x',
  })
  return signer === from
}
