import { describe, expect, test } from 'vitest'
import { getToolPayment } from 'stipend/mcp'
import type { Answer } from '../support/paid-tools.ts'
import { rejection } from '../support/wallets.ts'
import { text, setUpBare, oslo } from '../support/mcp-wallets.ts'

const cheaper = (answer: Answer): Record<string, unknown> => {
  const { accepts, ...rest } = answer.structuredContent as { accepts: Record<string, unknown>[] }
  return { ...rest, accepts: accepts.map((offer) => ({ ...offer, amount: '1' })) }
}

describe('M13: what a tool asks', () => {
  test.each<[string, (answer: Answer) => Answer]>([
    [
      'in a text alone that has a key twice',
      ({ structuredContent }) => ({
        isError: true,
        content: text(JSON.stringify(structuredContent).replace('{', '{"error":"a",')),
      }),
    ],
    [
      'at a depth that no reader survives',
      (answer) => ({ ...answer, structuredContent: { ...answer.structuredContent, deep: nest(5000) } }),
    ],
    [
      'at great length',
      (answer) => ({
        isError: true,
        structuredContent: { ...answer.structuredContent, error: 'a'.repeat(70_000) },
        content: [],
      }),
    ],
    ['in a version that nobody knows', (answer) => asked({ ...answer.structuredContent, x402Version: 3 })],
  ])('%s is not paid', async (_, change) => {
    const { paid, wallet, tools } = setUpBare({ change })
    const error = await rejection(tools.callTool(oslo))
    expect(error).toMatchObject({ code: 'malformed_message', moved: 'no' })
    expect([wallet.signed, paid.calls.length]).toEqual([[], 1])
  })

  test.each<[string, (answer: Answer) => Answer]>([
    ['without being an error', (answer) => ({ ...answer, isError: false })],
    [
      'without saying whether it is an error',
      ({ structuredContent = {}, content }) => ({ structuredContent, content }),
    ],
    [
      'in _meta alone',
      ({ structuredContent: offer }) => ({
        isError: true,
        content: text('out of order'),
        _meta: { 'x402/payment-required': offer, 'x402/payment': offer, x402Version: 2 },
      }),
    ],
    ['but offers nothing', ({ structuredContent }) => asked({ ...structuredContent, accepts: [] })],
  ])('%s is handed over and not paid', async (_, change) => {
    const { paid, wallet, tools } = setUpBare({ change })
    const result = await tools.callTool(oslo)
    expect(JSON.stringify(result)).toMatch(/x402|no/)
    expect(getToolPayment(result)).toBeUndefined()
    expect([wallet.signed, paid.calls.length]).toEqual([[], 1])
  })

  test.each<[string, (answer: Answer) => Answer]>([
    ['in its text alone', ({ content }) => ({ isError: true, content })],
    [
      'in its structured content alone',
      ({ structuredContent }) => ({ isError: true, structuredContent: structuredContent ?? {}, content: [] }),
    ],
    [
      'in its second text, after prose',
      ({ content }) => ({ isError: true, content: [...text('This tool costs money.'), ...content] }),
    ],
    [
      'in its second text, after JSON that asks nothing',
      ({ content }) => ({ isError: true, content: [...text({ error: 'payment required' }), ...content] }),
    ],
    [
      'in its structured content, with prose for its text',
      (answer) => ({ ...answer, content: text('Payment required.') }),
    ],
    [
      'in its structured content, with other JSON for its text',
      (answer) => ({ ...answer, content: text({ error: 'payment required' }) }),
    ],
    [
      'in its structured content, and differently in its text, which does not count',
      (answer) => ({ ...answer, content: text(cheaper(answer)) }),
    ],
    [
      'in its text, with something else for its structured content',
      (answer) => ({ ...answer, structuredContent: { error: 'payment required' } }),
    ],
    [
      'in both, with the keys in another order',
      (answer) => ({ ...answer, content: text(turned(answer.structuredContent)) }),
    ],
  ])('%s is paid', async (_, change) => {
    const { paid, tools } = setUpBare({ change: (answer, isPaid) => (isPaid ? answer : change(answer)) })
    expect(getToolPayment(await tools.callTool(oslo))?.status).toBe('claimed')
    expect(paid.till.settled).toBe(10_000n)
  })

  test('is not taken from a receipt that came without a payment', async () => {
    const receipt = { success: true, transaction: '0xabc', network: 'eip155:84532' }
    const { tools, wallet } = setUpBare({
      change: () => ({ content: text('hi'), _meta: { 'x402/payment-response': receipt } }),
    })
    expect(getToolPayment(await tools.callTool(oslo))).toBeUndefined()
    expect(wallet.signed).toEqual([])
  })

  test.each<[string, string, unknown]>([
    ['of another network', 'claimed', { success: true, transaction: '0xabc', network: 'eip155:1' }],
    ['that is no object', 'claimed', 'paid'],
    ['that says no', 'unknown', { success: false, errorReason: 'insufficient_funds' }],
  ])('with a receipt %s is %s once it is paid', async (_, status, receipt) => {
    const change = (answer: Answer, isPaid: boolean): Answer =>
      isPaid ? { ...answer, _meta: { 'x402/payment-response': receipt } } : answer
    const { tools } = setUpBare({ change })
    expect(getToolPayment(await tools.callTool(oslo))).toMatchObject({ status, moved: 'maybe' })
  })

  test('cannot be paid by a call that brings a payment of its own', async () => {
    const { paid, tools } = setUpBare()
    const forged = { ...oslo, _meta: { 'x402/payment': { x402Version: 2 } } }
    expect(await rejection(tools.callTool(forged))).toMatchObject({ code: 'request_unpayable', moved: 'no' })
    expect(paid.calls).toEqual([])
  })
})

function asked(offer: Record<string, unknown>): Answer {
  return { isError: true, structuredContent: offer, content: text(offer) }
}

function turned(offer: Record<string, unknown> | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(offer ?? {}).toReversed())
}

function nest(depth: number): unknown {
  return depth === 0 ? 1 : { a: nest(depth - 1) }
}
