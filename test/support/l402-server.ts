import { createHash } from 'node:crypto'
import type { InvoiceTerms, LightningNode } from './lightning.ts'

/** Options of `createL402Server`. */
export type L402ServerOptions = {
  readonly lightning: LightningNode
  readonly clock: () => number
  readonly sats?: number | undefined
  /** What else, or other, its invoices say. */
  readonly invoice?: Partial<InvoiceTerms> | undefined
  /** The challenge as it stands in the header, where it is another one. */
  readonly write?: ((token: string, invoice: string) => string) | undefined
  /** What a token opens. @default the path that it was issued for */
  readonly opens?: 'path' | 'origin' | undefined
  /** The same challenge each time. */
  readonly isFixed?: boolean | undefined
}

/** A server that sells by L402, as a function from request to response, and what it saw. */
export type L402Server = ((request: Request) => Promise<Response>) & {
  readonly proofs: readonly string[]
  readonly issued: readonly string[]
  readonly sold: () => number
  /** How it answers a proof. */
  fault: 'endless-402' | 'unauthorized' | 'redirect' | 'break' | undefined
}

type Issued = { readonly hash: string; readonly path: string; isShown: boolean }

/** Makes a server that sells each of its paths for some satoshis, to whoever shows a token and the preimage that it is bound to. */
export function createL402Server(options: L402ServerOptions): L402Server {
  const { lightning, clock, sats = 100, opens = 'path', isFixed = false } = options
  const write = options.write ?? ((token, invoice) => `L402 version="0" token="${token}", invoice="${invoice}"`)
  const tokens = new Map<string, Issued>()
  const [proofs, issued]: string[][] = [[], []]
  let sold = 0
  let last: string | undefined

  const challenge = (path: string): string => {
    if (isFixed && last !== undefined) return last
    const invoice = lightning.issue({ sats, now: clock(), ...options.invoice })
    const token = Buffer.from(JSON.stringify({ number: tokens.size, path })).toString('base64')
    tokens.set(token, { hash: lightning.hashIn(invoice), path, isShown: false })
    issued?.push(invoice)
    last = write(token, invoice)
    return last
  }
  const ask = (path: string): Response =>
    new Response('payment required', { status: 402, headers: { 'WWW-Authenticate': challenge(path) } })
  const isPaid = (token: string, preimage: string, path: string): boolean => {
    const known = tokens.get(token)
    const isBound = known?.hash === createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex')
    return isBound && (opens === 'origin' || known?.path === path)
  }
  const server = async (request: Request): Promise<Response> => {
    const path = new URL(request.url).pathname
    const [, token = '', preimage = ''] =
      /^(?:L402|LSAT) ([^:]+):([0-9a-f]{64})$/.exec(request.headers.get('authorization') ?? '') ?? []
    if (token === '') return ask(path)
    proofs?.push(`${new URL(request.url).origin} ${token}:${preimage}`)
    if (result.fault === 'unauthorized') return new Response('no', { status: 401 })
    if (!isPaid(token, preimage, path) || result.fault === 'endless-402') return ask(path)
    if (result.fault === 'redirect')
      return new Response(null, { status: 302, headers: { Location: 'http://127.0.0.1:9999/elsewhere' } })
    sold += 1
    if (result.fault === 'break') throw new TypeError('the connection broke')
    return Response.json({ sky: 'clear' })
  }
  const result: L402Server = Object.assign(server, {
    proofs: proofs as string[],
    issued: issued as string[],
    sold: () => sold,
    fault: undefined,
  })
  return result
}
