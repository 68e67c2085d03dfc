import type { Payment, PaymentStatus } from '../types.js'
import { withoutQuery } from '../resource.js'
import { formatUsd } from '../lib/format-amount.js'
import type { PayFetchOutput } from './answers.js'
import type { PayFetchInput } from './input.js'
import type { OwnerView } from './owner-view.js'
import { instant, seePayment } from './views.js'

/** What stands, and whether it is surely of this purchase: a call without a name is only known by where it went. */
type Standing = { readonly payment: Payment; readonly isNamed: boolean }

type Wanted = Pick<PayFetchInput, 'url' | 'method' | 'key'> & { readonly callKey: string | undefined }

const open: ReadonlySet<PaymentStatus> = new Set(['authorized', 'unknown'])
const paid: ReadonlySet<PaymentStatus> = new Set(['claimed', 'confirmed'])
const maxListed = 20
/** Beyond this, a payment to the same place is taken for another purchase, where nothing names the two. */
const maxAgeMs = 86_400_000

/**
 * Finds the payment of an earlier call for the same purchase that counts on. It is looked for only when a call is refused or
 * fails: what is said of this call must not be taken for what is known of the purchase.
 */
async function findStanding(wanted: Wanted, owner: OwnerView): Promise<Standing | undefined> {
  try {
    // The name of a call is a framework's: the same purchase asked for again has another.
    return (await findNamed(wanted, owner)) ?? (wanted.key === undefined ? await findAlike(wanted, owner) : undefined)
  } catch {
    // The call has its own failure to tell of.
    return undefined
  }
}

async function findNamed({ key, callKey }: Wanted, { payments }: OwnerView): Promise<Standing | undefined> {
  const purchaseKey = key ?? callKey
  if (purchaseKey === undefined) return undefined
  const named = await payments.list({ purchaseKey, limit: maxListed })
  const payment = named.find(({ status }) => open.has(status)) ?? named.find(({ status }) => paid.has(status))
  return payment && { payment, isNamed: true }
}

async function findAlike(
  { url, method = 'GET' }: Wanted,
  { payments, payer }: OwnerView,
): Promise<Standing | undefined> {
  const { host, origin, href } = new URL(url)
  const asked = withoutQuery({ url: href, method, host, origin })
  const since = payer.clock() - maxAgeMs
  for (const status of open) {
    const found = await payments.list({ host, status, since, limit: maxListed })
    const payment = found.find(({ resource }) => resource.url === asked.url && resource.method === method)
    if (payment) return { payment, isNamed: false }
  }
  return undefined
}

/** Says of a call that was refused or failed what stands of its purchase, before what became of the call itself. */
export async function withStanding(answer: PayFetchOutput, wanted: Wanted, owner: OwnerView): Promise<PayFetchOutput> {
  if (answer.status === 'ok' || answer.payment !== undefined) return answer
  const standing = await findStanding(wanted, owner)
  return standing ? nameStanding(answer, standing) : answer
}

function nameStanding(answer: PayFetchOutput, { payment, isNamed }: Standing): PayFetchOutput {
  const { id, microUsd, resource, createdAt, status } = payment
  const isOpen = open.has(status)
  const whose = isNamed
    ? 'This purchase has a payment'
    : 'An earlier call of the same URL, which may be of the same purchase, has a payment'
  const state = isOpen
    ? 'that nobody can say the outcome of: money can have left. Do not buy it again.'
    : 'that was made already. Do not buy it again.'
  const standing = `${whose} of ${formatUsd(microUsd)} to ${resource.host}, ${id} of ${instant(createdAt)}, ${state}`
  const isOver = answer.status === 'denied' || answer.status === 'failed'
  return {
    ...answer,
    status: isOpen && isOver ? 'unknown' : answer.status,
    explanation: `${standing}\nOf this call: ${answer.explanation}`,
    payment: seePayment(payment),
  }
}
