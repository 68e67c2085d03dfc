import { dialectsGauntlet, gauntlet, type GauntletPayer, type GauntletScene } from 'stipend/testing'
import { type Listening, listen } from '../support/listen.ts'
import { type Client, clients, versionOf } from './peers/clients.mjs'
import { dialectsPayer, stipendPayer } from './stipend.ts'
import type { Run } from './table.ts'

type Features = NonNullable<GauntletPayer['features']>

/** What each has, by its documentation: what it does not have is not held against it. */
const features: Readonly<Record<string, Features>> = {
  '@x402/fetch': ['assets', 'networks'],
  'x402-fetch': [],
  '@faremeter/fetch': ['assets', 'networks'],
  mppx: ['assets', 'networks'],
}

const protocols = { 'x402 v2': 'x402', 'x402 v1': 'x402-v1' } as const

/** One table of clients, all of which were run through the same cases. */
export type Table = {
  readonly title: string
  /** One after another, since each tells what it found when it is done. */
  readonly runs: () => AsyncGenerator<Run>
}

/** Every way of paying that stipend is compared in, and the versions of the other clients. */
export function compared(): { readonly tables: readonly Table[]; readonly versions: readonly string[] } {
  const chosen = Object.entries(clients).filter(([name]) => Object.hasOwn(features, name))
  const tables = [
    { title: 'x402 by EIP-3009', runs: () => onEvm(chosen) },
    { title: 'x402 by Permit2', runs: () => byPermit2(chosen) },
    { title: 'x402 on Solana', runs: () => onSolana(chosen) },
    { title: 'x402 by use', runs: () => inDialect('upto', '@x402/fetch') },
    { title: 'MPP', runs: () => inDialect('mpp', 'mppx') },
  ]
  const packages = chosen.map(([, one]) => `${one.package} ${versionOf(one.package)}`)
  return { tables, versions: [...packages, ...['@x402/evm', '@x402/svm'].map((name) => `${name} ${versionOf(name)}`)] }
}

type Named = readonly [name: string, client: Client]

/** Each of its versions of x402 that a client speaks. */
function versionsOf([name, { protocols: spoken }]: Named): readonly (readonly [string, 'x402' | 'x402-v1'])[] {
  return Object.entries(protocols)
    .filter(([version]) => spoken.includes(version))
    .map(([version, protocol]) => [version === 'x402 v2' ? name : `${name}, v1`, protocol])
}

async function* onEvm(chosen: readonly Named[]): AsyncGenerator<Run> {
  yield { name: 'stipend', results: await gauntlet(stipendPayer('x402')) }
  yield { name: 'stipend, v1', results: await gauntlet(stipendPayer('x402-v1')) }
  for (const named of chosen)
    for (const [name, protocol] of versionsOf(named))
      yield { name, results: await gauntlet({ ...payerOf(named), protocol }) }
}

async function* byPermit2(chosen: readonly Named[]): AsyncGenerator<Run> {
  yield { name: 'stipend', results: await gauntlet(stipendPayer('x402', 'permit2')) }
  // The others pay an offer by Permit2 as if it were one of EIP-3009, or not at all.
  for (const named of chosen.filter(([name]) => name === '@x402/fetch'))
    yield { name: named[0], results: await gauntlet({ ...payerOf(named), method: 'permit2' }) }
}

async function* onSolana(chosen: readonly Named[]): AsyncGenerator<Run> {
  yield { name: 'stipend', results: await gauntlet(stipendPayer('x402', 'solana')) }
  yield { name: 'stipend, v1', results: await gauntlet(stipendPayer('x402-v1', 'solana')) }
  const node = await startNode()
  for (const [label, client] of chosen) {
    const { createOnSolana } = client
    if (!createOnSolana) continue
    const create = ({ fetch, solana }: GauntletScene) =>
      createOnSolana({ fetch, rpcUrl: node.ask(solana), privateKey: solana?.privateKey ?? '' })
    for (const [name, protocol] of versionsOf([label, client]))
      yield { name, results: await gauntlet({ protocol, method: 'solana', features: features[label], create }) }
  }
  await node.close()
}

async function* inDialect(dialect: 'upto' | 'mpp', name: keyof typeof clients): AsyncGenerator<Run> {
  yield { name: 'stipend', results: await dialectsGauntlet(dialect, dialectsPayer) }
  const client = clients[name]
  if (client) yield { name, results: await dialectsGauntlet(dialect, payerOf([name, client])) }
}

function payerOf([name, client]: Named): Pick<GauntletPayer, 'features' | 'create'> {
  return { features: features[name], create: ({ fetch, privateKey }) => client.create({ fetch, privateKey }) }
}

type Node = Pick<Listening, 'close'> & {
  /** The URL at which a case's node answers from now on. */
  readonly ask: (solana: GauntletScene['solana']) => string
}

/** The others take a node by its URL. */
async function startNode(): Promise<Node> {
  let node: typeof globalThis.fetch | undefined
  const { url, close } = await listen(async (request) => {
    const body = await request.text()
    return node ? node(request.url, { method: 'POST', body }) : new Response(null, { status: 503 })
  })
  return {
    close,
    ask: (solana) => {
      node = solana?.node
      return url
    },
  }
}
