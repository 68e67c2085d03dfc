const turns = new WeakMap<object, Promise<unknown>>()

/** Lets what belongs to one object go one after another, whatever becomes of what went before. */
export async function inTurn<value>(owner: object, work: () => Promise<value>): Promise<value> {
  const turn = (turns.get(owner) ?? Promise.resolve()).then(work, work)
  turns.set(owner, turn)
  return turn
}
