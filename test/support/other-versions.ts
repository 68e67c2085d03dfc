import { existsSync } from 'node:fs'

const isInstalled = existsSync(new URL('../peers/node_modules', import.meta.url))

/** Other versions of peers, and x402's first version, where `npm run test:peers` has installed them. */
export const others = isInstalled ? await import('../peers/packages.mjs') : undefined

/** The same, for what cannot be without them. */
export function needOthers(): NonNullable<typeof others> {
  if (!others) throw new Error('not installed: run npm run test:peers')
  return others
}
