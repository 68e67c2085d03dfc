import { LedgerUnavailableError } from 'stipend'
import { within } from '../../src/lib/deadline.js'
import { isUndone } from './sql-state.js'

/** What a reservation is asked for with: a payment in pieces, its limits and its options, each as JSON. */
export type Wanted = readonly [payment: string, limits: string, options: string]

type Waiting = {
  readonly wanted: Wanted
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
  readonly markSent: () => void
}

/** Sends reservations in one transaction, and answers what became of each. */
type Send = (all: readonly Wanted[]) => Promise<readonly unknown[]>

/** As many as are sent together. */
const maxAtOnce = 64

/** As many as are under way at the same time; beyond the first, beside those that are slow. */
const maxBatches = 4

/** From when on a batch is slow: the next one waits for it no longer. */
const slowMs = 250

/**
 * Sends what comes while something is under way together, one after the other in one transaction: the commit is what
 * takes time, and one is enough for all. A batch that is slow, for its connection may have gone silent, holds up no other.
 */
export function createBatch(send: Send, timeoutMs: number): (wanted: Wanted) => Promise<unknown> {
  const waiting: Waiting[] = []
  let batches = 0
  let isBusy = false

  const next = (): void => {
    if (isBusy || batches === maxBatches || waiting.length === 0) return
    isBusy = true
    batches += 1
    const batch = waiting.splice(0, maxAtOnce)
    for (const { markSent } of batch) markSent()
    const done = settle(batch, send).finally(() => {
      batches -= 1
      next()
    })
    void within(slowMs, done, 'slow')
      .catch(() => {})
      .finally(() => {
        isBusy = false
        next()
      })
  }
  return async (wanted) => {
    const { sent, answer, ...member } = createMember(wanted)
    waiting.push(member)
    next()
    await within(timeoutMs, sent, 'all that was asked of PostgreSQL before had no answer').catch((cause: unknown) => {
      waiting.splice(waiting.indexOf(member), 1)
      throw new LedgerUnavailableError(cause)
    })
    return answer
  }
}

function createMember(wanted: Wanted): Waiting & { readonly sent: Promise<void>; readonly answer: Promise<unknown> } {
  let markSent = (): void => {}
  let [resolve, reject]: [Waiting['resolve'], Waiting['reject']] = [() => {}, () => {}]
  const sent = new Promise<void>((done) => {
    markSent = done
  })
  const answer = new Promise<unknown>((...settlers) => {
    ;[resolve, reject] = settlers
  })
  return { wanted, resolve, reject, markSent, sent, answer }
}

async function settle(batch: readonly Waiting[], send: Send): Promise<void> {
  try {
    const answers = await send(batch.map(({ wanted }) => wanted))
    for (const [index, { resolve }] of batch.entries()) resolve(answers[index])
  } catch (error) {
    // The database has undone all for the sake of one: the others have nothing to do with it.
    if (batch.length > 1 && isUndone(error)) for (const one of batch) await settle([one], send)
    else for (const { reject } of batch) reject(error)
  }
}
