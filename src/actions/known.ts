import { ConfigurationError } from '../errors.js'
import type { Action } from '../ports/action.js'

/** The actions that come with the package, loaded when the first of them is taken. */
const builtIn: Readonly<Record<string, () => Promise<Action>>> = {
  swap: async () => (await import('./swap.js')).swapAction,
  supply: async () => (await import('./lend.js')).supplyAction,
  withdraw: async () => (await import('./lend.js')).withdrawAction,
  transferNft: async () => (await import('./transfer-nft.js')).transferNftAction,
  revoke: async () => (await import('./revoke.js')).revokeAction,
}

/**
 * Finds an action by its name.
 *
 * @throws ConfigurationError when there is none.
 */
export async function findAction(name: string, own: readonly Action[]): Promise<Action> {
  const known = Object.hasOwn(builtIn, name) ? await builtIn[name]?.() : own.find((one) => one.name === name)
  if (known) return known
  throw new ConfigurationError(`Failed to act: there is no action ${String(name).slice(0, 64)}`, {
    details: [`There are ${[...Object.keys(builtIn), ...own.map((one) => one.name)].join(', ')}.`],
  })
}

/**
 * Copies a wallet's own actions.
 *
 * @throws ConfigurationError when one has the name of another, or of one that comes with the package.
 */
export function readActions(actions: readonly Action[] = []): readonly Action[] {
  const names = ['refill', ...actions.map(({ name }) => name)]
  const taken = names.find((name, index) => Object.hasOwn(builtIn, name) || names.indexOf(name) !== index)
  if (taken !== undefined) throw new ConfigurationError(`Failed to read actions: there is another ${taken}`)
  return Object.freeze([...actions])
}
