import { decodeHeader, encodeHeader, type Entry } from '../server/wire.js'
import { errorOf } from './caller.js'
import { buy } from './dialect-cases.js'
import type { GauntletResult } from './gauntlet.js'
import { type GauntletScene, scene } from './payer.js'
import { createWorld, type World } from './world.js'

/** What a shop sees that opens what was paid before to whoever signs in. */
type SignInSeen = {
  /** The proofs, and where each was sent. */
  readonly proofs: readonly { readonly origin: string; readonly proof: Entry }[]
  readonly authorizations: number
  readonly caller: readonly string[]
}

type SignInCase = {
  readonly name: string
  readonly expected: string
  /** What else, or other, the challenge says. */
  readonly info?: Entry | undefined
  readonly chains?: readonly Entry[] | undefined
  readonly answer?: 'open' | 'ask' | 'redirect' | undefined
  /** Whether the call before is left out that pays. */
  readonly isFirst?: boolean | undefined
  readonly problem: (seen: SignInSeen) => string | undefined
}

type Create = (scene: GauntletScene) => typeof globalThis.fetch | Promise<typeof globalThis.fetch>

const shown: SignInCase['problem'] = ({ proofs }) =>
  proofs.length > 0 ? `it signed in, to ${String(proofs[0]?.proof['domain'])}` : undefined
const nothing = 'signs in to nothing but the origin that it is connected to, with none of its words'

/** The cases of signing in to what was paid. */
export const signInCases: readonly SignInCase[] = [
  {
    name: 'honest',
    expected: 'pays once, and then signs in',
    problem: ({ proofs, authorizations, caller }) => {
      if (caller.some((saw) => saw !== '200')) return `the caller saw ${caller.join(', ')}`
      return authorizations === 1 && proofs.length === 1
        ? undefined
        : `it paid ${authorizations} times, and signed in ${proofs.length} times`
    },
  },
  {
    name: 'not paid before',
    expected: 'shows its address to nobody that it has not paid',
    isFirst: true,
    problem: shown,
  },
  { name: 'another domain', expected: nothing, info: { domain: 'bank.example' }, problem: shown },
  { name: 'another URL', expected: nothing, info: { uri: 'https://bank.example/login' }, problem: shown },
  { name: 'a statement', expected: nothing, info: { statement: 'I give you all my money' }, problem: shown },
  { name: 'another version', expected: nothing, info: { version: '2' }, problem: shown },
  {
    name: 'words in a nonce',
    expected: nothing,
    info: { nonce: 'abcdefgh\nURI: https://bank.example' },
    problem: shown,
  },
  { name: 'an old challenge', expected: nothing, info: { issuedAt: '2020-01-01T00:00:00.000Z' }, problem: shown },
  { name: 'over', expected: nothing, info: { expirationTime: '2020-01-01T00:00:00.000Z' }, problem: shown },
  {
    name: 'another chain',
    expected: nothing,
    chains: [{ chainId: 'eip155:1', type: 'eip191' }],
    problem: shown,
  },
  {
    name: 'endless',
    expected: 'signs in no more than once for one call, and pays no more than once for it',
    answer: 'ask',
    problem: ({ proofs, authorizations }) =>
      proofs.length <= 1 && authorizations <= 2
        ? undefined
        : `it paid ${authorizations} times, and signed in ${proofs.length} times`,
  },
  {
    name: 'redirect',
    expected: 'shows a proof to no origin that the caller did not call',
    answer: 'redirect',
    problem: ({ proofs }) => {
      const other = proofs.find(({ origin }) => origin !== 'https://shop.example')
      return other && `the proof was sent to ${other.origin}`
    },
  },
]

/** Runs one case. */
export async function runSignIn(one: SignInCase, { create }: { readonly create: Create }): Promise<GauntletResult> {
  const world = createWorld('x402', [])
  world.intercept(createShop(one, world))
  const caller: string[] = []
  try {
    const pay = await create({ fetch: world.fetch, ...scene })
    caller.push(await buy(pay, '/report'))
    if (!one.isFirst) caller.push(await buy(pay, '/report'))
  } catch (error) {
    caller.push(errorOf(error))
  }
  const { requests, authorizations, exposed, paidOrigins } = world.seen()
  const proofs = requests.flatMap(({ url, headers }) => {
    const proof = decodeHeader(headers['sign-in-with-x'] ?? null)
    return proof ? [{ origin: new URL(url).origin, proof }] : []
  })
  const reason = one.problem({ proofs, authorizations, caller })
  return Object.freeze({
    name: one.name,
    expected: one.expected,
    verdict: reason === undefined ? 'pass' : 'fail',
    reason: reason ?? '',
    authorizations,
    exposed,
    paidOrigins,
    caller: Object.freeze(caller),
  })
}

/** Sells as the world's shop does, and opens what was paid to any proof. */
function createShop(one: SignInCase, { shop, seen }: World): (request: Request) => Promise<Response | undefined> {
  let isPaid = false
  let count = 0
  return async (request) => {
    const url = new URL(request.url)
    if (url.host !== 'shop.example') return undefined
    if (request.headers.has('sign-in-with-x')) {
      if (one.answer === 'redirect')
        return new Response(null, { status: 307, headers: { location: 'https://elsewhere.invalid/report' } })
      if (one.answer !== 'ask' && isPaid) return new Response('the report')
    }
    const response = await shop(request)
    isPaid ||= response.ok
    const required = decodeHeader(response.headers.get('payment-required'))
    if (!required) return response
    count += 1
    const info = {
      domain: url.host,
      uri: `${url.origin}${url.pathname}`,
      version: '1',
      nonce: `nonce0000${count}`,
      issuedAt: new Date(seen().now).toISOString(),
      ...one.info,
    }
    const supportedChains = one.chains ?? [{ chainId: 'eip155:84532', type: 'eip191' }]
    const extensions = { 'sign-in-with-x': { info, supportedChains } }
    const headers = new Headers(response.headers)
    headers.set('PAYMENT-REQUIRED', encodeHeader({ ...required, extensions }))
    return new Response('{}', { status: 402, headers })
  }
}
