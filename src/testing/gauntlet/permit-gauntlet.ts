import { permit2 } from '../../evm/permit2.js'
import { pause } from '../../lib/deadline.js'
import { decodeHeader, encodeHeader } from '../server/wire.js'
import { errorOf } from './caller.js'
import { network, token, transaction } from './dialect.js'
import { buy } from './dialect-cases.js'
import type { GauntletResult } from './gauntlet.js'
import { type GauntletScene, type PayerFeature, scene } from './payer.js'
import type { Paid, PermitCase, PermitKind } from './permit-cases.js'
import { readApproval, readPermit, type Sent } from './permit-grant.js'
import { createPayerNode, type PayerState } from './permit-node.js'
import { price } from './problems.js'
import { createWorld } from './world.js'

type Payer = {
  readonly create: (scene: GauntletScene) => typeof globalThis.fetch | Promise<typeof globalThis.fetch>
  readonly features?: readonly PayerFeature[] | undefined
}

const extensions = { permit: 'eip2612GasSponsoring', approval: 'erc20ApprovalGasSponsoring' } as const

/** Runs one case of what is signed beside payments. */
export async function runPermit(one: PermitCase, kind: PermitKind, payer: Payer): Promise<GauntletResult> {
  const world = createWorld('x402', [])
  const state: PayerState = { allowance: one.allowance ?? 0n, permits: 3n, transactions: 5n }
  const node = createPayerNode(state, { takesPermits: kind === 'permit', isSilent: one.isSilent ?? false })
  const paid: Paid[] = []
  world.intercept(createShop(one, { kind, state, paid }))
  const caller: string[] = []
  try {
    const pay = await payer.create({ fetch: world.fetch, ...scene, node })
    const { calls = 1 } = one
    if (calls === 'two at once') caller.push(...(await Promise.all(['/one', '/two'].map((path) => buy(pay, path)))))
    else for (let call = 0; call < calls; call += 1) caller.push(await buy(pay, '/report'))
  } catch (error) {
    caller.push(errorOf(error))
  }
  const reason = one.problem(paid, caller)
  const lacks = one.feature !== undefined && !payer.features?.includes(one.feature)
  const own = new Map(paid.map(({ nonce, amount }) => [nonce, amount]))
  return Object.freeze({
    name: one.name,
    expected: one.expected,
    verdict: reason === undefined ? 'pass' : lacks ? 'no feature' : 'fail',
    reason: reason ?? '',
    authorizations: own.size,
    exposed: [...own.values()].reduce((sum, amount) => sum + amount, 0n),
    paidOrigins: [...new Set(paid.map(({ origin }) => origin))],
    caller: Object.freeze(caller),
  })
}

type Shop = { readonly kind: PermitKind; readonly state: PayerState; readonly paid: Paid[] }

/** How long a server takes to settle: long enough for another purchase to come in between. */
const settleMs = 100

function createShop(one: PermitCase, { kind, state, paid }: Shop): (request: Request) => Promise<Response> {
  return async ({ url, headers }) => {
    const message = Object(decodeHeader(headers.get('payment-signature')))
    const payment = readPayment(message)
    if (!payment) return ask(url, one, kind)
    const next = kind === 'permit' ? state.permits : state.transactions
    paid.push({ ...payment, origin: new URL(url).origin, grant: readGrant(message, kind, { ...payment, next }), next })
    await pause(settleMs)
    settle(one, { kind, state, paid })
    if (one.answer === 'ask') return ask(url, one, kind)
    if (one.answer === 'grant only') return new Response('out of order', { status: 500 })
    if (one.answer === 'redirect')
      return new Response(null, { status: 307, headers: { location: 'https://elsewhere.invalid/report' } })
    const receipt = { success: true, transaction, network }
    return new Response('the report', { headers: { 'PAYMENT-RESPONSE': encodeHeader(receipt) } })
  }
}

function settle({ answer }: PermitCase, { kind, state, paid }: Shop): void {
  const grant = paid.at(-1)?.grant
  if (!grant || grant === 'unread') return
  if (kind === 'permit') state.permits += 1n
  else state.transactions += 1n
  state.allowance = answer === 'grant only' ? grant.amount : 0n
}

function ask(url: string, { info, amount = price, method = 'permit2' }: PermitCase, kind: PermitKind): Response {
  const offer = {
    scheme: 'exact',
    network,
    amount: amount.toString(),
    asset: token,
    payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
    maxTimeoutSeconds: 60,
    extra: { name: 'USDC', version: '2', ...(method === 'permit2' && { assetTransferMethod: method }) },
  }
  const declared = { [extensions[kind]]: { info: { description: 'gas is paid', version: '1', ...info }, schema: {} } }
  const message = {
    x402Version: 2,
    error: 'Payment required',
    resource: { url },
    accepts: [offer],
    extensions: declared,
  }
  return new Response('{}', { status: 402, headers: { 'PAYMENT-REQUIRED': encodeHeader(message) } })
}

function readPayment(message: Sent): Pick<Paid, 'nonce' | 'amount' | 'validBefore'> | undefined {
  const { permit2Authorization: permit, authorization } = Object(message['payload'])
  if (permit) {
    const { nonce, permitted, deadline } = permit
    return { nonce: String(nonce), amount: BigInt(permitted.amount), validBefore: Number(deadline) }
  }
  if (!authorization) return undefined
  const { nonce, value, validBefore } = authorization
  return { nonce: String(nonce), amount: BigInt(value), validBefore: Number(validBefore) }
}

function readGrant(
  message: Sent,
  kind: PermitKind,
  { amount, validBefore, next }: Pick<Paid, 'amount' | 'validBefore' | 'next'>,
): Paid['grant'] {
  const { info } = Object(Object(message['extensions'])[extensions[kind]])
  const isSigned = Object(info)[kind === 'permit' ? 'signature' : 'signedTransaction'] !== undefined
  if (!isSigned) return undefined
  const should = { spender: permit2, amount, nonce: next, deadline: validBefore }
  return (kind === 'permit' ? readPermit(info, should) : readApproval(info)) ?? 'unread'
}
