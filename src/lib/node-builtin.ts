import { ConfigurationError } from '../errors.js'

type Builtins = Pick<typeof process, 'getBuiltinModule'>

/** Finds a module of Node's own when it is needed, so that importing this package loads nothing that only Node has. */
export const findBuiltin: Builtins['getBuiltinModule'] = (id: string) => runtime()?.getBuiltinModule?.(id) as never

/**
 * Loads a module of Node's own where nothing can stand in for it.
 *
 * @throws ConfigurationError where there is no Node.
 */
export const loadBuiltin: Builtins['getBuiltinModule'] = (id: string) => {
  const loaded = findBuiltin(id)
  if (!loaded) throw new ConfigurationError(`Failed to load ${id}: this key store needs Node 20.16 or newer`)
  return loaded as never
}

function runtime(): Partial<Builtins> | undefined {
  return (globalThis as { readonly process?: Partial<Builtins> }).process
}
