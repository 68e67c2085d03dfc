import { ClockSkewError, ConfigurationError, NoPayableOfferError } from '../errors.js'
import { unlessAborted } from '../lib/deadline.js'
import { deepFreeze } from '../lib/freeze.js'
import { release, sign } from './sign.js'
import type { Allowed, Ask, Parts } from './context.js'
import { match } from './match.js'
import { type Prepared, readTime } from './prepare.js'
import { record } from './reserve.js'
import { withoutQuery } from '../resource.js'
import type { Authorization, PaymentRequired, Usage } from '../types.js'

const reportedSkewMs = 30_000
const largestSkewMs = 120_000

/** Takes a parsed 402 to a signed payment: match, judge, record, sign. The only way to a key. */
export async function authorize(required: PaymentRequired, ask: Ask, parts: Parts): Promise<Authorization> {
  const { payment, allowed } = await unlessGivenUp(judgeAndRecord(required, ask, parts), ask, parts)
  const signature = await sign(payment, allowed, ask, parts)
  const authorization = deepFreeze({
    payment,
    offer: allowed.offer,
    payload: allowed.scheme.payload(payment, signature),
  })
  tell(authorization, allowed, parts)
  return authorization
}

/** Takes a parsed 402 to a recorded payment. It uses no key, so that it can be given up wherever it waits. */
async function judgeAndRecord(required: PaymentRequired, ask: Ask, parts: Parts): Promise<Prepared> {
  checkName(ask, parts)
  await checkClock(ask, parts)
  const { candidates, setAside } = await match(required, parts)
  if (candidates.length === 0) throw new NoPayableOfferError(setAside)
  return record({ required, candidates }, ask, parts)
}

/** Waits for a record until the call is aborted. What is recorded after that is released: no key is asked for it. */
async function unlessGivenUp(recording: Promise<Prepared>, { signal }: Ask, parts: Parts): Promise<Prepared> {
  try {
    return await unlessAborted(signal, recording)
  } catch (error) {
    if (signal?.aborted)
      recording.then(({ payment }) => release(payment, 'the call was aborted', parts)).catch(() => {})
    throw error
  }
}

/** Whatever a name stands for is forgotten with the process where nothing keeps it: it could be paid once more. */
function checkName({ isNamed }: Ask, { keyStore, ledger }: Parts): void {
  if (!isNamed || keyStore.deriveSecret || ledger.durable !== false) return
  throw new ConfigurationError('Failed to name the purchase: its name would be forgotten with the process', {
    details: [
      'The ledger is in memory, and the key store cannot derive secrets: after a restart it would be paid again.',
      'Use a ledger that is kept, such as sqliteLedger, or pay without a key; nothing was signed.',
    ],
  })
}

async function checkClock({ serverTime, resource }: Ask, { clock, time, askTime, emit }: Parts): Promise<void> {
  if (time().aheadMs !== undefined) await askTime()
  readTime({ time })
  if (serverTime === undefined) return
  const skewMs = serverTime - clock()
  if (Math.abs(skewMs) > reportedSkewMs) emit('clock.skewed', { resource: withoutQuery(resource), skewMs })
  if (Math.abs(skewMs) > largestSkewMs) throw new ClockSkewError(skewMs)
}

/** Tells listeners what was signed, and which limits it brought near their end. */
function tell({ payment }: Authorization, { limits, notify }: Allowed, { ledger, time, emit, hears }: Parts): void {
  emit('payment.authorized', { payment })
  if (notify) emit('payment.notified', { payment })
  if (!hears('limit.approached')) return
  const tellUsage = (usage: readonly Usage[]): void => {
    for (const one of usage)
      if (one.used * 5n >= one.limit.max * 4n && one.used > 0n) emit('limit.approached', { usage: one })
  }
  ledger.usage(limits, time().ledger).then(tellUsage, () => {})
}
