/** Work on a database, and who waits for what comes of it. */
type Member = {
  readonly work: () => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** Runs works one after another in one transaction, and answers what came of each. */
type Run = (works: readonly (() => unknown)[]) => Promise<readonly unknown[]>

/** What is asked for in one turn of the event loop, to be committed together. */
export type Groups = {
  readonly add: <value>(work: () => value) => Promise<value>
  /** Runs what waits now, as before a database is closed. */
  readonly flush: () => void
}

/** As many as share a commit: for more, the rest of the process would wait too long. */
const maxTogether = 256

/** Kept from the start, so that a test with timers of its own does not stop the ledger. */
const afterThisTurn = globalThis.setImmediate

const workFailures = new WeakSet<TypeError>()

/** Makes what is thrown when one of several works threw: the others have nothing to do with it. */
export function workFailure(cause: unknown): TypeError {
  const failure = new TypeError('one of the works threw', { cause })
  workFailures.add(failure)
  return failure
}

/** Tells whether it was one of several works that threw. */
export function isWorkFailure(error: unknown): error is TypeError {
  return error instanceof TypeError && workFailures.has(error)
}

/**
 * Lets all work that is asked for in one turn of the event loop share a commit, which is what takes time. Where one of them
 * throws, none is kept, and each is done anew by itself; where the lock or the commit fails, it fails for all.
 */
export function createGroups(run: Run): Groups {
  let waiting: Member[] = []

  const settle = async (group: readonly Member[]): Promise<void> => {
    try {
      const values = await run(group.map(({ work }) => work))
      for (const [index, { resolve }] of group.entries()) resolve(values[index])
    } catch (error) {
      const isOfOne = isWorkFailure(error)
      if (isOfOne && group.length > 1) for (const one of group) await settle([one])
      else for (const { reject } of group) reject(isOfOne ? error.cause : error)
    }
  }
  const flush = (): void => {
    const all = waiting
    waiting = []
    for (let first = 0; first < all.length; first += maxTogether) void settle(all.slice(first, first + maxTogether))
  }
  return {
    add: <value>(work: () => value) =>
      new Promise<value>((resolve, reject) => {
        const member = { work, resolve: resolve as (value: unknown) => void, reject }
        if (waiting.push(member) === 1) afterThisTurn(flush)
      }),
    flush,
  }
}
