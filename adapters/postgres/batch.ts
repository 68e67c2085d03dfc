/** What a reservation is asked for with: a payment, its limits and its options, each as JSON. */
export type Wanted = readonly [payment: string, limits: string, options: string]

type Waiting = {
  readonly wanted: Wanted
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

/** As many as are sent together. */
const mostAtOnce = 64

/**
 * Sends what comes while something is under way together, one after the other in one transaction: the commit is what
 * takes time, and one is enough for all.
 */
export function createBatch(
  send: (all: readonly Wanted[]) => Promise<readonly unknown[]>,
): (wanted: Wanted) => Promise<unknown> {
  const waiting: Waiting[] = []
  let isBusy = false

  const work = async (): Promise<void> => {
    isBusy = true
    while (waiting.length > 0) await settle(waiting.splice(0, mostAtOnce), send)
    isBusy = false
  }
  return (wanted) =>
    new Promise((resolve, reject) => {
      waiting.push({ wanted, resolve, reject })
      if (!isBusy) void work()
    })
}

async function settle(
  batch: readonly Waiting[],
  send: (all: readonly Wanted[]) => Promise<readonly unknown[]>,
): Promise<void> {
  try {
    const answers = await send(batch.map(({ wanted }) => wanted))
    for (const [index, { resolve }] of batch.entries()) resolve(answers[index])
  } catch (error) {
    // The database has undone all for the sake of one: the others have nothing to do with it.
    if (batch.length > 1 && isUndone(error)) for (const one of batch) await settle([one], send)
    else for (const { reject } of batch) reject(error)
  }
}

/** Tells an error of a statement, after which nothing of it is left, from a lost connection, after which nobody knows. */
function isUndone(error: unknown): boolean {
  return Reflect.get(Object(error), 'severity') === 'ERROR'
}
