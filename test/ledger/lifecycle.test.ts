import { describe, expect, test } from 'vitest'
import { type Approval, memoryLedger, type PaymentUpdate } from '../../src/index.js'
import { decideApproval } from '../../src/ledger/approvals.js'
import { isLivePayment, isUsefulPayment } from '../../src/ledger/lifecycle.js'
import { noon, sampleId, samplePayment } from '../../src/testing/ledger/sample-payment.ts'

/** The ledger's record of one payment, and what becomes of it. */
async function recorded(...updates: readonly PaymentUpdate[]) {
  const ledger = memoryLedger()
  await ledger.reserve(samplePayment(1), [])
  for (const update of updates) await ledger.update(sampleId(1), update)
  return ledger
}

describe('a recorded payment', () => {
  test.each(['released', 'expired', 'cancelled'] as const)(
    'that is %s is not for its owner to say anything of',
    async (status) => {
      const ledger = await recorded({ status })
      for (const [to, as] of [
        ['released', 'not-paid'],
        ['claimed', 'paid'],
      ] as const) {
        const said = { status: to, resolution: { by: 'owner', as, reason: 'a look at the books' } } as const
        await expect(ledger.update(sampleId(1), said)).rejects.toThrow(`its owner cannot make it ${to}`)
      }
      expect(await ledger.get(sampleId(1))).toMatchObject({ status })
      expect((await ledger.get(sampleId(1)))?.resolution).toBeUndefined()
    },
  )

  test('that was not delivered stays so until a whole answer claims it', async () => {
    const undelivered = { status: 'unknown', undelivered: true } as const
    expect(await (await recorded(undelivered)).get(sampleId(1))).toMatchObject({ undelivered: true })
    const twice = await recorded(undelivered, { status: 'unknown' })
    expect(await twice.get(sampleId(1))).toMatchObject({ undelivered: true })
    const claimed = await recorded(undelivered, { status: 'claimed' })
    expect((await claimed.get(sampleId(1)))?.undelivered).toBeUndefined()
    expect((await (await recorded({ status: 'unknown' })).get(sampleId(1)))?.undelivered).toBeUndefined()
  })

  test('can be sent again while it counts and has ten seconds left', () => {
    const payment = samplePayment(1)
    const end = payment.terms.validBefore * 1000
    const at = [end - 10_001, end - 10_000, end + 1]
    expect(at.map((now) => isLivePayment(payment, now))).toEqual([true, false, false])
    expect(at.map((now) => isLivePayment({ ...payment, status: 'released' }, now))).toEqual([false, false, false])
  })

  test('is of use only while it can be sent, and as long as its terms say', () => {
    const { terms, ...rest } = samplePayment(1)
    const usefulUntil = terms.validBefore - 60
    const payment = { ...rest, terms: { ...terms, usefulUntil } }
    const at = [usefulUntil * 1000 - 10_001, usefulUntil * 1000 - 10_000]
    expect(at.map((now) => isUsefulPayment(payment, now))).toEqual([true, false])
    expect(isUsefulPayment({ ...payment, status: 'expired' }, noon)).toBe(false)
    const longer = { ...rest, terms: { ...terms, usefulUntil: terms.validBefore + 60 } }
    expect(isUsefulPayment(longer, terms.validBefore * 1000)).toBe(false)
  })
})

describe('a request for approval', () => {
  const { resource, asset, amount, microUsd, payTo, labels } = samplePayment(1)
  const terms = { resource, asset, amount, microUsd, payTo, labels }
  const dates = { requestedAt: noon, expiresAt: noon + 1000 }
  const asked: Approval = { id: 'apr_1', kind: 'approval', status: 'pending', reason: 'a look', ...terms, ...dates }

  test.each([
    ['pending', 'approved', 'approved'],
    ['pending', 'denied', 'denied'],
    ['approved', 'denied', 'denied'],
    ['approved', 'approved', undefined],
    ['denied', 'approved', undefined],
    ['denied', 'denied', undefined],
    ['used', 'denied', undefined],
  ] as const)('that is %s and is %s', (status, decision, then) => {
    expect(decideApproval({ ...asked, status }, decision, noon)?.status).toBe(then)
    expect(decideApproval({ ...asked, status }, decision, noon + 1000)).toBeUndefined()
  })
})
