import { waitFor } from './deadline.js'

const turns = new WeakMap<object, Promise<unknown>>()
const works = new WeakMap<object, Promise<unknown>>()

/** Lets what belongs to one object go one after another, whatever becomes of what went before. */
export async function inTurn<value>(owner: object, work: () => Promise<value>): Promise<value> {
  return after(turns, owner, () => ahead(owner, work))
}

/** Waits for the work that is being done, but for no turn that is held and for nobody who waits for one. */
export async function ahead<value>(owner: object, work: () => Promise<value>): Promise<value> {
  return after(works, owner, work)
}

async function after<value>(
  last: WeakMap<object, Promise<unknown>>,
  owner: object,
  work: () => Promise<value>,
): Promise<value> {
  const turn = (last.get(owner) ?? Promise.resolve()).then(work, work)
  last.set(owner, turn)
  return turn
}

/**
 * Waits for a turn among these, and answers what ends it. Neither the wait nor the turn is longer than a time: what waits
 * longer goes on.
 */
export async function holdTurn(
  owner: object,
  { ms, signal }: { readonly ms: number; readonly signal?: AbortSignal | undefined },
): Promise<() => void> {
  let end = (): void => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  const begun = new Promise<void>((begin) => {
    void after(turns, owner, async () => {
      begin()
      await waitFor(ended, { ms }).catch(() => {})
    })
  })
  await waitFor(begun, { ms, signal }).catch(() => {})
  if (signal?.aborted) end()
  signal?.throwIfAborted()
  return end
}
