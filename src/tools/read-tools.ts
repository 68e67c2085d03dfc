import { isStipendError } from '../errors.js'
import { quoteWith } from '../fetch/wrap-fetch.js'
import { formatUnits, formatUsd } from '../lib/format-amount.js'
import type { QuotedOffer } from '../pay/quote.js'
import type {
  ToolAnswer,
  ApprovalStatusOutput,
  BudgetOutput,
  PaymentsOutput,
  QuoteOutput,
  SeenOffer,
} from './answers.js'
import type { ApprovalStatusInput, BudgetInput, PaymentsInput, QuoteInput } from './input.js'
import { answerOf, failed } from './outcome.js'
import type { ToolContext, ToolCall } from './pay-fetch.js'
import { plain } from '../lib/untrusted.js'
import { instant, seeApproval, seePayment } from './views.js'

const maxReasonLength = 512

/** Says what a request would cost, and what the rules make of it. */
export async function quote(
  input: QuoteInput,
  { signal }: ToolCall,
  { owner, reach }: ToolContext,
): Promise<QuoteOutput> {
  const outOfReach = reach(input.url)
  if (outOfReach !== undefined)
    return { ...failed('host_denied', `Nothing was sent: ${outOfReach}.`), status: 'denied' }
  const { url, method = 'GET', headers, body } = input
  const init = { method, ...(headers && { headers: { ...headers } }), ...(body !== undefined && { body }) }
  return answering('request_failed', async () => {
    const ask = quoteWith(owner.fetch, owner.payer)
    const quoted = await ask(url, { ...init, ...(signal && { signal }), redirect: 'manual' })
    if (!quoted) return { status: 'ok', explanation: 'Nothing is asked for it.', asksPayment: false }
    const { payable, offers, setAside } = quoted
    return {
      status: 'ok',
      explanation: payable
        ? `It would cost ${formatUsd(payable.microUsd)}${payable.waitsFor ? ', and would have to wait' : ''}.`
        : 'It would not be paid now; see the reasons.',
      asksPayment: true,
      ...(payable && { payableUsd: formatUsd(payable.microUsd) }),
      offers: offers.map(seeOffer),
      otherOffers: setAside.length,
    }
  })
}

/** Says what is left under each limit. */
export async function budget({ url }: BudgetInput, _call: ToolCall, { owner }: ToolContext): Promise<BudgetOutput> {
  return answering('ledger_unavailable', async () => {
    const lines = await owner.budget(url)
    const limits = lines.map(({ name, measure, max, used, left, freesAt }) => {
      const write = (amount: bigint): string => (measure === 'microUsd' ? formatUsd(amount) : amount.toString())
      return {
        name: plain(name, maxReasonLength),
        counts: measure === 'microUsd' ? ('usd' as const) : ('payments' as const),
        max: write(max),
        used: write(used),
        left: write(left),
        ...(freesAt !== undefined && { freesAt: instant(freesAt) }),
      }
    })
    return { status: 'ok', explanation: 'What is left under each limit; all of them hold at once.', limits }
  })
}

/** Lists payments, its own only. */
export async function payments(input: PaymentsInput, _call: ToolCall, { owner }: ToolContext): Promise<PaymentsOutput> {
  return answering('ledger_unavailable', async () => {
    const { id, limit = 20 } = input
    const found =
      id === undefined ? await owner.payments.list({ limit }) : [await owner.payments.get(`pay_${id.slice(4)}`)]
    const shown = found.flatMap((payment) => (payment ? [seePayment(payment)] : []))
    const explanation = 'Newest first. Of what is unknown, money can have left: do not buy it again.'
    return { status: 'ok', explanation, payments: shown }
  })
}

/** Says where requests for approval stand. */
export async function approvalStatus(
  { id }: ApprovalStatusInput,
  _call: ToolCall,
  { owner }: ToolContext,
): Promise<ApprovalStatusOutput> {
  return answering('ledger_unavailable', async () => {
    const all = await owner.approvals.list()
    const found = all.filter((approval) => id === undefined || approval.id === id).slice(0, 50)
    return { status: 'ok', explanation: 'Only the owner decides on them.', approvals: found.map(seeApproval) }
  })
}

/** A failure is an answer; what it carries stays here. */
export async function answering<answer extends ToolAnswer>(
  code: string,
  work: () => Promise<answer>,
): Promise<answer | ToolAnswer> {
  try {
    return await work()
  } catch (error) {
    if (isStipendError(error)) return answerOf(error)
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    return failed(code, 'No usable answer came; this call paid nothing.')
  }
}

function seeOffer({ offer, microUsd, allowed, waitsFor, reasons }: QuotedOffer): SeenOffer {
  return {
    priceUsd: formatUsd(microUsd),
    amount: formatUnits(offer.amount, offer.asset),
    network: offer.network,
    payTo: offer.payTo,
    isAllowed: allowed,
    ...(waitsFor && { waitsFor }),
    reasons: reasons.map((reason) => plain(reason, maxReasonLength)),
  }
}
