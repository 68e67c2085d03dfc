import { generateText, isStepCount, tool } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import { withWalletTools } from 'stipend/ai-sdk'
import { describe, expect, test } from 'vitest'
import { setUpMarket, url } from '../support/market.ts'
import { z } from 'zod'
import { call, say, user } from '../support/sdk-model.ts'

const { sell, open, taken } = setUpMarket()

describe('tools of one’s own', () => {
  const forecast = tool({ inputSchema: z.object({ city: z.string() }), execute: () => 'rain' })

  test('stay beside those of the wallet, as do their approvals and steps', async () => {
    sell({ priceUsd: '0.10' })
    const seen: string[] = []
    const settings = {
      model: new MockLanguageModelV4({
        doGenerate: [call('c1', { city: 'Oslo' }, 'forecast'), call('c2', { url }), say('done')],
      }),
      messages: user,
      tools: { forecast },
      toolApproval: { forecast: () => void seen.push('asked') },
      prepareStep: () => void seen.push('step'),
      stopWhen: isStepCount(5),
    }
    const { steps } = await generateText(withWalletTools(settings, open()))
    expect(steps.map(({ toolResults: [result] }) => result?.output)).toMatchObject([
      'rain',
      { status: 'ok' },
      undefined,
    ])
    expect(seen.toSorted()).toEqual(['asked', 'step', 'step', 'step'])
    expect(taken()).toBe(100_000n)
  })

  test('cannot take the place of the wallet’s', () => {
    expect(() => withWalletTools({ tools: { budget: forecast } }, open())).toThrow(/one called budget/)
  })

  test('need not be there', () => {
    expect(Object.keys(withWalletTools({}, open()).tools)).toHaveLength(5)
  })
})
