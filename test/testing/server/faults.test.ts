import { describe, expect, test } from 'vitest'
import { paidResource, type PaidResourceFault } from '../../../src/testing/index.js'
import { decode, payer, payFor, readRequired, url } from './hand-signed.ts'

type Outcome = {
  readonly status: number
  /** Whether the money was taken. */
  readonly settles: boolean
  readonly asks?: boolean
  readonly receipt?: Readonly<Record<string, unknown>> | undefined
}

const success = { success: true, payer: payer.address }
const failure = { success: false, errorReason: 'invalid_exact_evm_transaction_failed', transaction: '' }

const outcomes: Readonly<
  Record<Exclude<PaidResourceFault, 'settle-then-drop' | 'settle-then-hang' | 'odd-receipt'>, Outcome>
> = {
  'endless-402': { status: 402, settles: false, asks: true },
  'settle-fails': { status: 402, settles: false, receipt: failure },
  'settle-then-deny': { status: 402, settles: true, receipt: failure },
  'settle-then-402': { status: 402, settles: true, asks: true },
  'settle-then-raise': { status: 402, settles: true, asks: true },
  'settle-then-500': { status: 500, settles: true },
  'settle-then-redirect': { status: 307, settles: true },
  'broken-off-body': { status: 200, settles: true, receipt: success },
  'forged-receipt': {
    status: 200,
    settles: true,
    receipt: { success: true, payer: '0x1111111111111111111111111111111111111111' },
  },
  'no-receipt': { status: 200, settles: true },
  'never-settle': { status: 200, settles: false, receipt: success },
}

describe('a paid resource with a fault', () => {
  test.each(Object.entries(outcomes))(
    '%s answers a good payment as it says',
    async (fault, { status, settles, asks = false, receipt }) => {
      const resource = paidResource({ fault: fault as PaidResourceFault })
      const response = await resource(await payFor(resource))
      expect(response.status).toBe(status)
      expect(resource.payments).toMatchObject([{ settled: settles, from: payer.address }])
      expect(resource.settled).toBe(settles ? 10_000n : 0n)
      expect(response.headers.has('payment-required')).toBe(asks)
      const header = response.headers.get('payment-response')
      expect(header === null ? undefined : decode(header)).toEqual(receipt && expect.objectContaining(receipt))
    },
  )

  test.each<PaidResourceFault>(['settle-fails', 'settle-then-deny'])(
    '%s asks again in x402 v1, as servers of that version do',
    async (fault) => {
      const resource = paidResource({ fault, version: 1 })
      const response = await resource(await payFor(resource))
      expect(response.status).toBe(402)
      expect(await readRequired(response)).toMatchObject({ error: failure.errorReason, accepts: [{ scheme: 'exact' }] })
      expect(response.headers.has('x-payment-response')).toBe(false)
    },
  )

  test('still refuses a payment that is no good', async () => {
    const resource = paidResource({ fault: 'settle-then-500' })
    expect((await resource(await payFor(resource, { signs: { value: 1n } }))).status).toBe(402)
    expect(resource.payments).toEqual([])
  })

  test('settle-then-raise asks ten times as much, and takes it too', async () => {
    const resource = paidResource({ fault: 'settle-then-raise' })
    const raised = await readRequired(await resource(await payFor(resource)))
    expect(raised.accepts[0]?.['amount']).toBe('100000')
    const signs = { value: 100_000n }
    await resource(await payFor(resource, { signs, envelope: { accepted: raised.accepts[0] } }))
    expect(resource.settled).toBe(110_000n)
  })

  test('settle-then-redirect sends its customers to another origin', async () => {
    const resource = paidResource({ fault: 'settle-then-redirect' })
    const response = await resource(await payFor(resource))
    expect(response.headers.get('location')).toBe('https://elsewhere.invalid/')
  })

  test('settle-then-drop rejects as fetch does', async () => {
    const resource = paidResource({ fault: 'settle-then-drop' })
    await expect(resource(await payFor(resource))).rejects.toThrow(new TypeError('fetch failed'))
    expect(resource.settled).toBe(10_000n)
  })

  test('settle-then-hang answers when the request is aborted and not before', async () => {
    const resource = paidResource({ fault: 'settle-then-hang' })
    const controller = new AbortController()
    const request = new Request(await payFor(resource), { signal: controller.signal })
    const answer = resource(request)
    const late = new Promise((resolve) => {
      setTimeout(resolve, 50, 'nothing yet')
    })
    expect(await Promise.race([answer, late])).toBe('nothing yet')
    controller.abort(new Error('enough'))
    await expect(answer).rejects.toThrow('enough')
    expect(resource.settled).toBe(10_000n)
    const aborted = new Request(await payFor(resource), { signal: AbortSignal.abort(new Error('before')) })
    await expect(resource(aborted)).rejects.toThrow('before')
  })

  test('broken-off-body breaks its body off', async () => {
    const resource = paidResource({ fault: 'broken-off-body' })
    const response = await resource(await payFor(resource))
    const reader = response.body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value as Uint8Array)).toBe('{"ok":')
    await expect(reader?.read()).rejects.toThrow(TypeError)
  })

  test('odd-receipt has a receipt that is none', async () => {
    const resource = paidResource({ fault: 'odd-receipt' })
    const response = await resource(await payFor(resource))
    expect(response.status).toBe(200)
    expect(response.headers.get('payment-response')).not.toMatch(/^[A-Za-z0-9+/]+={0,2}$/)
  })

  test('begins after so many good payments, and ends after so many more', async () => {
    const resource = paidResource({ fault: 'settle-then-500', faultAfter: 1, faultTimes: 2 })
    const statuses: number[] = []
    for (let round = 0; round < 5; round += 1) {
      await resource(await payFor(resource, { signs: { value: 1n } }))
      statuses.push((await resource(await payFor(resource))).status)
    }
    expect(statuses).toEqual([200, 500, 500, 200, 200])
  })

  test('that is idempotent delivers when the payment comes once more', async () => {
    const resource = paidResource({ fault: 'settle-then-500', faultTimes: 1, idempotent: true })
    const request = await payFor(resource)
    expect((await resource(request.clone())).status).toBe(500)
    expect((await resource(request.clone())).status).toBe(200)
    expect(resource.settled).toBe(10_000n)
  })

  test('takes a payment later that it did not take at first', async () => {
    const resource = paidResource({ fault: 'settle-fails', faultTimes: 1 })
    const request = await payFor(resource)
    expect((await resource(request.clone())).status).toBe(402)
    expect(resource.payments).toMatchObject([{ settled: false }])
    expect((await resource(request.clone())).status).toBe(200)
    expect(resource.payments).toMatchObject([{ settled: true }])
    expect(new URL(resource.requests[0]?.url ?? '').href).toBe(url)
  })
})
