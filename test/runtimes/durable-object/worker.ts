import { allowHosts, createAgentWallet, isStipendError, spendingLimit } from 'stipend'
import { durableObjectLedger, type DurableObjectLedger, type DurableObjectStorage } from 'stipend/durable-object'
import { privateKey } from 'stipend/keys'
import { ledgerContract } from 'stipend/testing'
import { samplePayment } from '../../../src/testing/ledger/sample-payment.ts'

type State = { readonly storage: DurableObjectStorage }
type Act = (storage: DurableObjectStorage, given: string) => unknown
type Namespace = {
  readonly idFromName: (name: string) => unknown
  readonly get: (id: unknown) => { readonly fetch: (request: Request) => Promise<Response> }
}

let made = 0
/** The contract's payments are of a day of their own. */
function create(storage: DurableObjectStorage, monotonic?: () => number): DurableObjectLedger {
  made += 1
  return durableObjectLedger(storage, { prefix: `ledger${made}_`, clock: monotonic ?? false })
}

async function buy(storage: DurableObjectStorage, url: string, key = 'report'): Promise<number> {
  const wallet = createAgentWallet({
    keyStore: privateKey('11'.repeat(32)),
    policy: [allowHosts(['http://127.0.0.1:*']), spendingLimit({ instantMaxUsd: 1, dailyLimitUsd: 0.035 })],
    ledger: durableObjectLedger(storage),
  })
  return (await wallet.fetch(url, { payment: { key } })).status
}

const rows = (storage: DurableObjectStorage, query: string) => storage.sql.exec(query).toArray()

const acts: Readonly<Record<string, Act>> = {
  sentences: () => Object.keys(ledgerContract),
  keep: async (storage, sentence) => ledgerContract[sentence]?.(({ monotonic } = {}) => create(storage, monotonic)),
  buy: (storage, url) => buy(storage, url),
  'buy much': async (storage, url) => {
    const all = Array.from({ length: 10 }, (_, index) => buy(storage, `${url}?${index}`, `${url} ${index}`))
    return (await Promise.allSettled(all)).map((one) => (one.status === 'fulfilled' ? one.value : codeOf(one.reason)))
  },
  'keep things of its own': async (storage) => {
    for (const name of ['payments', 'notes', 'clock', 'listed'])
      storage.sql.exec(`CREATE TABLE ${name} (mine TEXT)`).toArray()
    await durableObjectLedger(storage, { clock: false }).reserve(samplePayment(1), [])
    return rows(storage, 'SELECT COUNT(*) AS mine FROM payments')
  },
  'have two ledgers': async (storage) => {
    const [one, other] = [create(storage), create(storage)]
    await one.reserve(samplePayment(1), [])
    return [(await one.list()).length, (await other.list()).length]
  },
  tamper: async (storage) => {
    const ledger = durableObjectLedger(storage, { clock: false })
    await ledger.reserve(samplePayment(1, { microUsd: 700n }), [])
    await ledger.verify()
    rows(storage, 'UPDATE stipend_entries SET micro_usd = 1')
    const said = await ledger.verify().catch(textOf)
    return [said, (await ledger.frozen())?.reason]
  },
  rewrite: (storage) => rows(storage, "UPDATE stipend_journal SET record = '{}'"),
  'be newer': (storage) => {
    durableObjectLedger(storage)
    rows(storage, 'UPDATE stipend_schema SET version = 99')
    return durableObjectLedger(storage)
  },
  'take what is no storage': () => durableObjectLedger({} as DurableObjectStorage),
  'take a prefix': (storage, prefix) => void durableObjectLedger(storage, { prefix }),
}

const codeOf = (error: unknown): string => (isStipendError(error) ? error.code : String(error))
const textOf = (error: unknown): string => `${codeOf(error)}: ${error instanceof Error ? error.message : String(error)}`

/** An object that does what a test asks for. */
export class Agent {
  readonly #state: State
  constructor(state: State) {
    this.#state = state
  }

  async fetch(request: Request): Promise<Response> {
    const { act, given } = (await request.json()) as { readonly act: string; readonly given: string }
    try {
      const value = await acts[act]?.(this.#state.storage, given)
      return Response.json({ value })
    } catch (error) {
      return Response.json({ error: textOf(error) })
    }
  }
}

const worker = {
  fetch: (request: Request, { AGENTS }: { readonly AGENTS: Namespace }): Promise<Response> =>
    AGENTS.get(AGENTS.idFromName(new URL(request.url).pathname)).fetch(request),
}

export default worker
