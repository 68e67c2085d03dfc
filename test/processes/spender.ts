import pg from 'pg'
import { allowHosts, createAgentWallet, isStipendError, type Ledger, spendingLimit } from 'stipend'
import { postgresLedger } from 'stipend/postgres'
import { sqliteLedger } from 'stipend/sqlite'
import { paidResource, testKeyStore } from 'stipend/testing'

type Options = {
  readonly file?: string
  readonly socket?: string
  readonly schema: string
  readonly calls: number
  readonly dailyLimitUsd: number
}

const options: Options = JSON.parse(process.argv[2] ?? '{}')
const pool = options.socket === undefined ? undefined : new pg.Pool({ host: options.socket, user: 'postgres', max: 4 })
const ledger: Ledger = pool ? postgresLedger(pool, { schema: options.schema }) : sqliteLedger(options.file ?? '')
const keyStore = testKeyStore()
const shop = paidResource({})
const wallet = createAgentWallet({
  keyStore,
  ledger,
  policy: [allowHosts(['shop.example.com']), spendingLimit({ dailyLimitUsd: options.dailyLimitUsd })],
  fetch: (input, init) => shop(new Request(input, init)),
})
const calls = Array.from({ length: options.calls }, () =>
  wallet.fetch('https://shop.example.com/', { payment: { repeatable: true } }),
)
const settled = await Promise.allSettled(calls)
const refused = settled.filter((one) => one.status === 'rejected')
const odd = refused.filter(({ reason }) => !isStipendError(reason) || reason.code !== 'limit_exceeded')
process.stdout.write(
  JSON.stringify({
    signed: keyStore.signed.length,
    paid: settled.length - refused.length,
    odd: odd.map(({ reason }) => `${String(reason)}: ${String(reason?.cause)}`),
  }),
)
await pool?.end()
