import { createServer } from 'node:http'
import { connect } from 'node:net'
import { postgresLedger } from 'stipend/postgres'
import { ledgerContract } from 'stipend/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { noon } from '../../src/testing/ledger/sample-payment.ts'
import { type Listening, serve } from '../../examples/support/http.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { neon } from './packages.mjs'

let postgres: TestPostgres
let proxy: Listening
let pool: InstanceType<typeof neon.Pool>

/** Lets a socket of the web reach a server of PostgreSQL, as Neon's own proxy does. */
async function startProxy({ socket }: TestPostgres): Promise<Listening> {
  const server = createServer()
  new WebSocketServer({ server }).on('connection', (client: WebSocket) => {
    const database = connect(`${socket}/.s.PGSQL.5432`)
    client.on('message', (data: Buffer) => database.write(data))
    database.on('data', (data) => client.send(data))
    client.on('close', () => database.destroy())
    for (const one of [database, client]) one.on('error', () => database.destroy())
    database.on('close', () => client.close())
  })
  return serve(server)
}

beforeAll(async () => {
  postgres = await startPostgres()
  proxy = await startProxy(postgres)
  Object.assign(neon.neonConfig, {
    wsProxy: () => `${proxy.url.replace('http://', '')}/`,
    useSecureWebSocket: false,
    pipelineTLS: false,
    pipelineConnect: false,
  })
  pool = new neon.Pool({ host: '127.0.0.1', user: 'postgres', database: 'postgres', max: 8 })
}, 120_000)
afterAll(async () => {
  await pool?.end()
  await proxy?.close()
  await postgres?.stop()
})

describe('the ledger in PostgreSQL, over the driver of Neon', () => {
  let made = 0
  test.each(Object.entries(ledgerContract))('keeps the contract: %s', async (_sentence, check) => {
    const create = ({ monotonic }: { readonly monotonic?: () => number } = {}) => {
      made += 1
      const start = monotonic?.() ?? 0
      const clock = monotonic ? () => noon + monotonic() - start : (false as const)
      return postgresLedger(pool, { schema: `ledger_${made}`, clock })
    }
    await expect(check(create)).resolves.toBeUndefined()
  })
})
