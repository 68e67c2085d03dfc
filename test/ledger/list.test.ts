import { afterAll, describe, expect, test } from 'vitest'
import { noon, sampleId, samplePayment } from '../../src/testing/ledger/sample-payment.ts'
import { ledgerMakers } from '../support/ledgers.ts'

const stops: (() => Promise<void>)[] = []
afterAll(() => Promise.all(stops.map((stop) => stop())))

describe.each(Object.entries(ledgerMakers))('the list of a %s ledger', (_name, make) => {
  test('goes on after no payment that it does not hold', async () => {
    const maker = await make()
    stops.push(maker.stop)
    const ledger = maker.create()
    await ledger.reserve(samplePayment(1), [])
    await expect(ledger.list({ before: sampleId(2) })).rejects.toThrow(`payment ${sampleId(2)} is not in the ledger`)
    expect(await ledger.list({ before: sampleId(1) })).toEqual([])
  })

  test('has a payment that is made anew where it belongs now', async () => {
    const maker = await make()
    stops.push(maker.stop)
    const ledger = maker.create()
    await ledger.reserve(samplePayment(1), [])
    await ledger.update(sampleId(1), { status: 'released' })
    const { resource } = samplePayment(1)
    const anew = { resource: { ...resource, host: 'other.example' }, purchaseKey: 'other', createdAt: noon + 1 }
    expect(await ledger.reserve(samplePayment(1, anew), [])).toEqual({ ok: true })
    for (const filter of [{ host: 'other.example' }, { purchaseKey: 'other' }, { since: noon + 1 }]) {
      expect(await ledger.list(filter)).toMatchObject([{ id: sampleId(1), status: 'authorized' }])
    }
    for (const filter of [{ host: resource.host }, { until: noon + 1 }]) expect(await ledger.list(filter)).toEqual([])
  })
})
