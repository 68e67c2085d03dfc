import { parseSIWxHeader, validateSIWxMessage, verifySIWxSignature } from '@x402/extensions/sign-in-with-x'
import { paidResource, type PaidResource, type PaidResourceOptions } from '../../src/testing/index.js'

type Json = Readonly<Record<string, unknown>>

/** Options of `createSignInServer`. */
export type SignInServerOptions = PaidResourceOptions & {
  /** What else, or other, the challenge says. */
  readonly info?: Json | undefined
  readonly chains?: readonly Json[] | undefined
  /** Whether a good proof opens what was paid. @default true */
  readonly takesProofs?: boolean | undefined
  /** The status that answers a proof, whatever it proves. @default what comes of it */
  readonly proofStatus?: number | undefined
}

/** A server that sells one thing and opens it to who has paid, by x402's own code; and what proofs it saw. */
export type SignInServer = ((request: Request) => Promise<Response>) & {
  readonly till: PaidResource
  readonly proofs: readonly { readonly header: string; readonly problem: string | undefined; readonly body: string }[]
}

/** Makes it; it has the origin of whatever it is asked by. */
export function createSignInServer(options: SignInServerOptions = {}): SignInServer {
  const {
    info = {},
    chains = [{ chainId: 'eip155:84532', type: 'eip191' }],
    takesProofs = true,
    proofStatus,
    ...terms
  } = options
  const till = paidResource(terms)
  const proofs: { header: string; problem: string | undefined; body: string }[] = []
  const paid = new Set<string>()
  const nonces = new Set<string>()
  const challenge = (url: URL): Json => {
    const nonce = crypto.randomUUID().replaceAll('-', '')
    const uri = `${url.origin}${url.pathname}`
    const own = { domain: url.host, uri, version: '1', nonce, issuedAt: new Date().toISOString(), resources: [uri] }
    return { info: { ...own, ...info }, supportedChains: chains, schema: { type: 'object' } }
  }
  const server = async (request: Request): Promise<Response> => {
    const url = new URL(request.url)
    const header = request.headers.get('sign-in-with-x')
    if (header !== null) {
      const proof = await examine(header, url.origin, nonces)
      proofs.push({ header, problem: proof.problem, body: await request.clone().text() })
      if (proofStatus !== undefined) return new Response('no', { status: proofStatus })
      if (takesProofs && paid.has(`${url.pathname} ${proof.address}`)) return Response.json({ opened: true })
    }
    const response = await till(request)
    const required = response.headers.get('payment-required')
    if (response.ok) paid.add(`${url.pathname} ${till.payments.at(-1)?.from}`)
    if (required === null) return response
    const message = JSON.parse(Buffer.from(required, 'base64').toString())
    const extensions = { ...message.extensions, 'sign-in-with-x': challenge(url) }
    const headers = new Headers(response.headers)
    headers.set('payment-required', Buffer.from(JSON.stringify({ ...message, extensions })).toString('base64'))
    return new Response('{}', { status: 402, headers })
  }
  return Object.assign(server, { till, proofs })
}

async function examine(header: string, origin: string, nonces: Set<string>) {
  const payload = parseSIWxHeader(header)
  const valid = await validateSIWxMessage(payload, new URL(origin))
  const verified = await verifySIWxSignature(payload)
  const isNew = !nonces.has(payload.nonce)
  nonces.add(payload.nonce)
  const reason = valid.isValid ? undefined : valid.invalidReason
  const problem = reason ?? (verified.isValid ? undefined : 'signature') ?? (isNew ? undefined : 'nonce')
  return { problem, address: problem === undefined && verified.isValid ? verified.payer : undefined }
}
