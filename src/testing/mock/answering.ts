import type { Entry } from '../server/wire.js'
import type { MockAsking } from './asking.js'
import type { Book, MockAuthorization, MockSettlement, ReadPayload } from './book.js'
import { type AnswerScene, faultOf, isAnswerFault } from '../server/faults.js'
import type { Mock402Fault } from './faults.js'
import { type Arrived, writeReceipt } from './messages.js'
import { methodOf, readPayload } from './methods.js'
import type { Settings } from './read-options.js'

/** What answers requests that carry a payment. */
export type Answering = {
  readonly answer: (request: Request, arrived: Arrived, faults: readonly Mock402Fault[]) => Promise<Response>
  readonly reset: () => void
}

type Parts = { readonly book: Book; readonly asking: MockAsking }

/** The facilitators refuse what has less than this left. */
const minLifeSeconds = 6
/** How far a payer's clock may be ahead. */
const clockToleranceSeconds = 10

/** Creates what answers. From the check of a nonce until it is taken nothing waits. */
export function createAnswering(settings: Settings, { book, asking }: Parts): Answering {
  const came = new Map<MockAuthorization, number>()
  return {
    async answer(request, { protocol, payload, offer, claimed }, faults) {
      const refuse = (error: string): Response => asking.ask(request, faults, { error })
      const now = settings.clock()
      // Also what it did not ask for goes into the book: somebody else may take it.
      const read = claimed && readPayload(payload, claimed, now)
      if (!read) return refuse(offer ? 'invalid_payload' : 'No matching payment requirements')
      const note = { protocol, method: methodOf(claimed), ...read, url: request.url } as const
      const authorization = book.note(Object.freeze(note))
      const earlier = came.get(authorization) ?? 0
      came.set(authorization, earlier + 1)
      if (!offer) return refuse('No matching payment requirements')
      const error = whyRefused(read, offer, now) ?? whyTaken(authorization, { book, settings, earlier })
      if (error !== undefined) return refuse(error)
      const fault = faultOf(faults.find(isAnswerFault))
      const taken = book.settlementOf(authorization)
      const settlement =
        taken ?? (fault.settles ? book.settle(authorization, amountOf(authorization, settings)) : undefined)
      return fault.answer({
        request,
        earlier,
        ask: (times) => asking.ask(request, faults, { times: times ?? 1n }),
        deliver: (receipt) => deliver({ request, settings, authorization, settlement }, receipt),
        fail: (reason) => fail(authorization, reason),
        outlive: () => outlive(settings, authorization),
      } satisfies AnswerScene)
    },
    reset: () => came.clear(),
  }
}

/** The official codes: https://github.com/x402-foundation/x402. */
function whyRefused(read: ReadPayload, offer: Entry, now: number): string | undefined {
  const method = methodOf(offer)
  const code = (transfer: string, permit: string, solana: string): string => {
    if (method === 'solana') return `invalid_exact_svm_payload_${solana}`
    return method === 'eip3009' ? `invalid_exact_evm_${transfer}` : permit
  }
  if (!read.isSigned) return code('signature', 'invalid_permit2_signature', 'signature_invalid')
  if (read.payTo !== offer['payTo'])
    return code('recipient_mismatch', 'permit2_recipient_mismatch', 'recipient_mismatch')
  if (read.asset !== offer['asset']) return code('payload_asset_mismatch', 'permit2_token_mismatch', 'mint_mismatch')
  const seconds = Math.floor(now / 1000)
  const latest = seconds + Number(offer['maxTimeoutSeconds']) + clockToleranceSeconds
  const lives = method === 'solana' || (read.validBefore >= seconds + minLifeSeconds && read.validBefore <= latest)
  if (!lives) return code('payload_authorization_valid_before', 'permit2_deadline_expired', 'expired')
  if (read.validAfter > seconds)
    return code('payload_authorization_valid_after', 'permit2_not_yet_valid', 'not_yet_valid')
  if (String(read.amount) !== offer['amount'])
    return code('payload_authorization_value_mismatch', 'permit2_amount_mismatch', 'amount_mismatch')
  return undefined
}

type Earlier = { readonly book: Book; readonly settings: Settings; readonly earlier: number }

function whyTaken(authorization: MockAuthorization, { book, settings, earlier }: Earlier): string | undefined {
  const taken = book.settlementOf(authorization)
  if (!taken) return undefined
  const isSame = earlier > 0 && taken.authorization === authorization
  return isSame && settings.idempotent ? undefined : 'invalid_exact_evm_nonce_already_used'
}

function amountOf({ method, amount }: MockAuthorization, { used }: Settings): bigint {
  return method === 'upto' && used < amount ? used : amount
}

type Delivery = {
  readonly request: Request
  readonly settings: Settings
  readonly authorization: MockAuthorization
  readonly settlement: MockSettlement | undefined
}

async function deliver(
  { request, settings, authorization, settlement }: Delivery,
  receipt: Entry | string | undefined,
): Promise<Response> {
  const response = await settings.respond(request)
  if (receipt === undefined || response.type === 'error') return response
  const { protocol, payer, network, method, nonce } = authorization
  const amount = method === 'upto' && settlement ? { amount: String(settlement.amount) } : {}
  const success = { success: true, payer, transaction: settlement?.transaction ?? nonce, network, ...amount }
  const [name, value] = writeReceipt(protocol, typeof receipt === 'string' ? receipt : { ...success, ...receipt })
  const headers = new Headers(response.headers)
  headers.set(name, value)
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers })
}

function fail({ protocol, payer, network }: MockAuthorization, errorReason: string): Response {
  const [name, value] = writeReceipt(protocol, { success: false, errorReason, payer, transaction: '', network })
  return Response.json({}, { status: 402, headers: { 'Cache-Control': 'no-store', [name]: value } })
}

function outlive({ clock }: Settings, { validBefore }: MockAuthorization): void {
  if ('advance' in clock) clock.advance(Math.max(0, validBefore - clock() / 1000) + 60)
}
