import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { type AgentWallet, allowHosts, createAgentWallet, type Ledger, memoryLedger, spendingLimit } from 'stipend'
import { sqliteLedger } from 'stipend/sqlite'
import { paidResource, testKeyStore } from 'stipend/testing'
import { sampleId, sampleLimit, samplePayment } from '../../src/testing/ledger/sample-payment.ts'
import { temporaryFolder } from '../support/folder.ts'

const day = 86_400_000
const url = 'https://shop.example.com/report'
const directory = temporaryFolder()
let made = 0
const fresh = (): string => {
  made += 1
  return join(directory, `${made}.db`)
}

/** Wallets of one key whose clocks are days apart, each over the ledger as a process of its own has it. */
function clients(open: () => Ledger, daysAhead: readonly number[]) {
  const keyStore = testKeyStore()
  return {
    keyStore,
    wallets: daysAhead.map((days): AgentWallet => {
      const clock = (): number => Date.now() + days * day
      const shop = paidResource({ clock, amount: 1_000_000n })
      return createAgentWallet({
        keyStore,
        ledger: open(),
        clock,
        fetch: (input, init) => shop(new Request(input, init)),
        policy: [allowHosts(['shop.example.com']), spendingLimit({ perPaymentUsd: 1, dailyLimitUsd: 1 })],
      })
    }),
  }
}

async function outcomes(wallets: readonly AgentWallet[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const wallet of wallets) {
    await wallet.budget()
    found.push(
      await wallet.fetch(url, { payment: { repeatable: true } }).then(
        () => 'paid',
        (error: { readonly code: string }) => error.code,
      ),
    )
  }
  return found
}

describe('five clients with clocks a day apart', () => {
  test('pay one daily limit out of one SQLite file, and the honest one is not locked out', async () => {
    const file = fresh()
    const { wallets, keyStore } = clients(() => sqliteLedger(file), [0, 1, 2, 3, -1, 0])
    const jumped = 'clock_jumped'
    expect(await outcomes(wallets)).toEqual(['paid', jumped, jumped, jumped, jumped, 'limit_exceeded'])
    expect(keyStore.signed).toHaveLength(1)
    await sqliteLedger(file).verify()
  })

  test('pay one daily limit out of a memory ledger that knows how time passes', async () => {
    const ledger = memoryLedger({ monotonic: () => performance.now() })
    const { wallets, keyStore } = clients(() => ledger, [0, 1, 2, 3, -1, 0])
    const jumped = 'clock_jumped'
    expect(await outcomes(wallets)).toEqual(['paid', jumped, jumped, jumped, jumped, 'limit_exceeded'])
    expect(keyStore.signed).toHaveLength(1)
  })

  test('of which the first is wrong are told apart by the owner, on record', async () => {
    const file = fresh()
    const [wrong, honest] = clients(() => sqliteLedger(file), [6, 0]).wallets as [AgentWallet, AgentWallet]
    expect(await outcomes([wrong, honest])).toEqual(['paid', 'clock_jumped'])
    await expect(honest.setLedgerTime({ reason: ' ' })).rejects.toMatchObject({ code: 'configuration_invalid' })
    const set: unknown[] = []
    honest.on('clock.set', (event) => set.push(event))
    await honest.setLedgerTime({ reason: 'the other machine was six days ahead' })
    expect(set).toMatchObject([{ reason: 'the other machine was six days ahead' }])
    expect(await outcomes([honest, wrong])).toEqual(['limit_exceeded', 'clock_jumped'])
    const ledger = sqliteLedger(file)
    expect(await ledger.audit?.()).toMatchObject([
      { number: 1, event: { type: 'time-set', reason: 'the other machine was six days ahead' } },
    ])
    await ledger.verify()
  })
})

describe('the time of a SQLite file', () => {
  const noon = Date.UTC(2026, 5, 1, 12)
  const reserve = (ledger: Ledger, number: number, createdAt: number) =>
    ledger.reserve(samplePayment(number, { createdAt }), [])

  test('goes on where another process left it', async () => {
    const file = fresh()
    const passed = { ms: 5000 }
    const open = () => sqliteLedger(file, { monotonic: () => passed.ms })
    expect(await reserve(open(), 1, noon)).toEqual({ ok: true })
    expect(await reserve(open(), 2, noon + day)).toMatchObject({ ok: false, reason: 'clock', aheadMs: day })
    passed.ms += day
    expect(await reserve(open(), 3, noon + day)).toEqual({ ok: true })
  })

  test('is taken anew, though never from the past, after the machine was started anew', async () => {
    const file = fresh()
    expect(await reserve(sqliteLedger(file), 1, noon)).toEqual({ ok: true })
    new DatabaseSync(file).exec("UPDATE clock SET run = 'the run before'")
    expect(await reserve(sqliteLedger(file), 2, noon - day)).toMatchObject({
      ok: false,
      reason: 'clock',
      aheadMs: -day,
    })
    expect(await reserve(sqliteLedger(file), 3, noon + 9 * day)).toEqual({ ok: true })
    expect(await reserve(sqliteLedger(file), 4, noon + 10 * day)).toMatchObject({ ok: false, reason: 'clock' })
  })

  test('is kept where nothing was bought at the time either', async () => {
    const file = fresh()
    const open = () => sqliteLedger(file, { monotonic: false })
    const none = sampleLimit(0n)
    expect(await reserve(open(), 1, noon)).toEqual({ ok: true })
    expect(await open().reserve(samplePayment(2, { createdAt: noon + day }), [none])).toMatchObject({ ok: false })
    expect(await reserve(open(), 3, noon)).toEqual({ ok: true })
    expect((await open().get(sampleId(3)))?.sentAt).toBe(noon + day)
    await open().setTime?.(noon + 60, 'it ran ahead')
    expect(await reserve(open(), 4, noon)).toEqual({ ok: true })
    expect((await open().get(sampleId(4)))?.sentAt).toBe(noon + 60)
  })

  test('is not guarded where its owner says so, nor in memory', async () => {
    for (const ledger of [sqliteLedger(fresh(), { monotonic: false }), sqliteLedger(':memory:')]) {
      expect(await reserve(ledger, 1, noon)).toEqual({ ok: true })
      expect(await reserve(ledger, 2, noon + day)).toEqual({ ok: true })
      expect((await ledger.get(sampleId(2)))?.createdAt).toBe(noon + day)
    }
  })
})
