import type { GauntletPayer } from 'stipend/testing'
import { clients, versionOf } from './peers/clients.mjs'

type Features = NonNullable<GauntletPayer['features']>

/** What each has, by its documentation: what it does not have is not held against it. */
const features: Readonly<Record<string, Features>> = {
  '@x402/fetch': ['assets', 'networks'],
  'x402-fetch': [],
  '@faremeter/fetch': ['assets', 'networks'],
  mppx: ['assets', 'networks'],
}

const protocols = { 'x402 v2': 'x402', 'x402 v1': 'x402-v1' } as const

/** The clients that stipend is compared with, in each version of x402 that they speak, and the versions of their packages. */
export async function compared(): Promise<{
  readonly payers: readonly (readonly [name: string, payer: GauntletPayer])[]
  readonly versions: readonly string[]
}> {
  const chosen = Object.entries(clients).filter(([name]) => Object.hasOwn(features, name))
  const payers = chosen.flatMap(([name, client]) =>
    Object.entries(protocols)
      .filter(([spoken]) => client.protocols.includes(spoken))
      .map(([spoken, protocol]): readonly [string, GauntletPayer] => [
        spoken === 'x402 v2' ? name : `${name}, v1`,
        { protocol, features: features[name], create: ({ fetch, privateKey }) => client.create({ fetch, privateKey }) },
      ]),
  )
  return { payers, versions: chosen.map(([, one]) => `${one.package} ${versionOf(one.package)}`) }
}
