import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sqliteLedger } from 'stipend/sqlite'
import { paidResource } from 'stipend/testing'
import { run } from '../support/child.ts'
import { killPoints } from '../support/kill-points.ts'
import { listen } from '../support/listen.ts'

const price = 10_000n
let directory = ''

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'stipend-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('a process that is killed', () => {
  test.each(killPoints)(
    '%s leaves a purchase that the next one finishes, paid once',
    { timeout: 30_000 },
    async (dieAt) => {
      const resource = paidResource({ idempotent: true, maxTimeoutSeconds: 120 })
      const server = await listen(resource)
      const file = join(directory, `${dieAt.replaceAll(' ', '-')}.db`)
      const options = { file, url: `${server.url}/report`, key: 'report-42' }

      const killed = await run('buyer', { ...options, dieAt })
      expect(killed.signal, killed.errors).toBe('SIGKILL')
      const between = await sqliteLedger(file).list()
      // What may have been signed is in the ledger, and counts; what is not in the ledger was not signed.
      expect(resource.requests.filter(({ headers }) => 'payment-signature' in headers).length).toBeLessThanOrEqual(
        between.length,
      )
      expect(between.length).toBe(dieAt === 'before the reservation' ? 0 : 1)

      const finished = await run('buyer', options)
      expect(JSON.parse(finished.output), finished.errors).toEqual({ status: 200, body: '{"ok":true}' })
      const [payment, ...others] = await sqliteLedger(file).list()
      expect(others).toEqual([])
      expect(payment).toMatchObject({ status: 'claimed', amount: price })
      expect(resource.payments.map(({ nonce }) => nonce)).toEqual([payment?.terms.nonce])
      expect(resource.settled).toBe(price)
      await server.close()
    },
  )

  test('again and again in its recovery leaves one payment all the same', { timeout: 60_000 }, async () => {
    const resource = paidResource({ idempotent: true, maxTimeoutSeconds: 120 })
    const server = await listen(resource)
    const options = { file: join(directory, 'loop.db'), url: `${server.url}/report`, key: 'report-43' }
    for (const dieAt of [
      'after the reservation',
      'before the reservation',
      'before the reservation',
      'after the key was used',
    ] as const) {
      expect((await run('buyer', { ...options, dieAt })).signal).toBe('SIGKILL')
    }
    expect(JSON.parse((await run('buyer', options)).output)).toMatchObject({ status: 200 })
    expect(resource.settled).toBe(price)
    expect(await sqliteLedger(options.file).list()).toHaveLength(1)
    await server.close()
  })

  test('takes the lost ledger with it and still pays the purchase once: the nonce is of the key, not of the ledger', async () => {
    const resource = paidResource({ idempotent: true })
    const server = await listen(resource)
    for (const file of ['first.db', 'second.db']) {
      await run('buyer', { file: join(directory, file), url: server.url, key: 'report-44' })
    }
    expect(resource.payments).toHaveLength(1)
    await server.close()
  })
})
