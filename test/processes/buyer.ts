import pg from 'pg'
import { allowHosts, createAgentWallet, isStipendError, type Ledger } from 'stipend'
import { privateKey } from 'stipend/keys'
import { postgresLedger } from 'stipend/postgres'
import { sqliteLedger } from 'stipend/sqlite'
import type { KillPoint } from '../support/kill-points.ts'

type Options = {
  /** A SQLite file, or a PostgreSQL socket and schema. */
  readonly file?: string
  readonly socket?: string
  readonly schema?: string
  readonly url: string
  readonly key: string
  readonly dieAt?: KillPoint
}

const options: Options = JSON.parse(process.argv[2] ?? '{}')
const reach = (point: KillPoint): void => {
  if (options.dieAt === point) process.kill(process.pid, 'SIGKILL')
}

const pool = options.socket === undefined ? undefined : new pg.Pool({ host: options.socket, user: 'postgres', max: 2 })
const inner: Ledger = pool ? postgresLedger(pool, { schema: options.schema }) : sqliteLedger(options.file ?? '')
const ledger: Ledger = {
  ...inner,
  reserve: async (...given) => {
    reach('before the reservation')
    const answer = await inner.reserve(...given)
    reach('after the reservation')
    return answer
  },
  update: async (...given) => {
    reach('before the outcome is recorded')
    const payment = await inner.update(...given)
    reach('after the outcome was recorded')
    return payment
  },
}
const keys = privateKey('ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80')
const wallet = createAgentWallet({
  ledger,
  policy: [allowHosts(['http://127.0.0.1:*'])],
  keyStore: {
    ...keys,
    getSigner: async (network) => {
      const signer = await keys.getSigner(network)
      if (signer?.namespace !== 'eip155') return undefined
      return {
        ...signer,
        signTypedData: async (data) => {
          reach('before the key is used')
          const signature = await signer.signTypedData(data)
          reach('after the key was used')
          return signature
        },
      }
    },
  },
  fetch: async (input, init) => {
    const isPaid = new Headers(init?.headers).has('payment-signature')
    if (isPaid) reach('before the payment is sent')
    const response = await fetch(input, init)
    if (isPaid) reach('after the answer came')
    return response
  },
})
try {
  const response = await wallet.fetch(options.url, {
    method: 'POST',
    body: 'one report',
    payment: { key: options.key },
  })
  process.stdout.write(JSON.stringify({ status: response.status, body: await response.text() }))
} catch (error) {
  process.stdout.write(JSON.stringify({ code: isStipendError(error) ? error.code : String(error) }))
}
await pool?.end()
