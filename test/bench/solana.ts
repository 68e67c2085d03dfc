import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { base58 } from '@scure/base'
import { allowHosts, createAgentWallet, spendingLimit } from 'stipend'
import { exactSolana } from 'stipend/solana'
import { solanaStore } from '../support/solana-agent.ts'
import { createOfficialClient, type SolanaKeyPair, solanaDevnet, type TestSolana } from '../support/solana/index.ts'
import type { Found } from './report.ts'
import type { Town, Wish } from './solana-town.ts'

const rounds = 4
/** Not measured: until what runs often has been compiled. */
const firstRounds = 2
const paymentsPerRound = 12
/** The local chain makes a block for each payment: slower than this, a blockhash lives as long as it does elsewhere. */
const roundMs = 4000
const latenciesMs = [0, 50]

type Client = { readonly name: string; readonly tag: string; readonly buy: () => Promise<Response> }
type Measured = { readonly calls: number; readonly cpuMs: number; readonly p50Ms: number; readonly p95Ms: number }

/**
 * Measures payments on Solana against the official client, both at the same official server: calls of nodes, processor time
 * of the client's process, and how long a payment takes.
 */
export async function measureSolana(): Promise<Found> {
  const town = fork(fileURLToPath(new URL('solana-town.ts', import.meta.url)))
  try {
    const [{ node, shop, keys }] = (await once(town, 'message')) as [Town]
    const [theirs, ours] = keys.map((key) => ({ ...key, bytes: base58.decode(key.privateKey) }))
    if (!theirs || !ours) throw new Error('the town has no keys')
    const clients = [await createTheirs(node, shop, theirs), createOurs(node, shop, ours)]
    const facts: Record<string, number> = {}
    const rows: (readonly string[])[] = []
    for (const latencyMs of latenciesMs) {
      const best = await compare(town, clients, latencyMs)
      clients.forEach(({ name }, index) => void rows.push(toRow(`${name}, RPC ${latencyMs} ms`, best[index])))
      const [their, own] = best
      facts[`solana${latencyMs}`] = (own?.cpuMs ?? Number.NaN) / (their?.cpuMs ?? Number.NaN)
    }
    const columns = ['client', 'RPC calls', 'CPU ms', 'p50 ms', 'p95 ms']
    return { tables: [{ title: 'A payment on Solana at an official server, settled', columns, rows }], facts }
  } finally {
    town.disconnect()
  }
}

function toRow(name: string, measured: Measured | undefined): readonly string[] {
  const { calls = Number.NaN, cpuMs = Number.NaN, p50Ms = Number.NaN, p95Ms = Number.NaN } = measured ?? {}
  return [name, calls.toFixed(2), cpuMs.toFixed(2), p50Ms.toFixed(1), p95Ms.toFixed(1)]
}

async function createTheirs(node: string, shop: string, key: SolanaKeyPair): Promise<Client> {
  const buy = await createOfficialClient({ url: node } as TestSolana, key)
  return { name: '@x402/fetch, @x402/svm', tag: 'client', buy: () => buy(shop) }
}

function createOurs(node: string, shop: string, key: SolanaKeyPair): Client {
  const wallet = createAgentWallet({
    keyStore: solanaStore(key),
    policy: [allowHosts(['http://127.0.0.1:*']), spendingLimit({ perPaymentUsd: 0.1, dailyLimitUsd: 1000 })],
    schemes: [exactSolana({ rpc: `${node}/stipend`, network: solanaDevnet })],
  })
  return { name: 'stipend', tag: 'stipend', buy: () => wallet.fetch(shop) }
}

async function compare(
  town: ChildProcess,
  clients: readonly Client[],
  latencyMs: number,
): Promise<readonly Measured[]> {
  const results = new Map<Client, Measured[]>()
  for (const { tag } of clients) await wish(town, { tag, latencyMs })
  for (let round = -firstRounds; round < rounds; round += 1) {
    await setTimeout(roundMs)
    for (const client of clients) {
      const measured = await measure(town, client)
      if (round >= 0) results.set(client, [...(results.get(client) ?? []), measured])
    }
  }
  return clients.map((client) => better(results.get(client) ?? []))
}

async function measure(town: ChildProcess, client: Client): Promise<Measured> {
  const callsBefore = await wish(town, { tag: client.tag })
  const times: number[] = []
  const cpu = process.cpuUsage()
  for (let count = 0; count < paymentsPerRound; count += 1) {
    const start = performance.now()
    await bought(client)
    times.push(performance.now() - start)
  }
  const { user, system } = process.cpuUsage(cpu)
  const calls = (await wish(town, { tag: client.tag })) - callsBefore
  const sorted = times.toSorted((one, other) => one - other)
  return {
    calls: calls / paymentsPerRound,
    cpuMs: (user + system) / 1000 / paymentsPerRound,
    p50Ms: sorted[Math.floor(sorted.length * 0.5)] ?? 0,
    p95Ms: sorted[Math.floor(sorted.length * 0.95)] ?? 0,
  }
}

async function bought({ name, buy }: Client): Promise<void> {
  const response = await buy()
  if (response.status !== 200) throw new Error(`${name} was answered ${response.status}`)
  await response.arrayBuffer()
}

/** The machine is shared: the rounds in which it was disturbed say little of either client. */
function better(measured: readonly Measured[]): Measured {
  const half = measured.toSorted((one, other) => one.p50Ms - other.p50Ms).slice(0, Math.ceil(measured.length / 2))
  const mean = (key: keyof Measured): number => half.reduce((sum, one) => sum + one[key], 0) / half.length
  return { calls: mean('calls'), cpuMs: mean('cpuMs'), p50Ms: mean('p50Ms'), p95Ms: mean('p95Ms') }
}

async function wish(to: ChildProcess, what: Wish): Promise<number> {
  to.send(what)
  const [answer] = await once(to, 'message')
  return Number(answer)
}
