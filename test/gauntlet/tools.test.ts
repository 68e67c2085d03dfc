import { describe, expect, test } from 'vitest'
import { allowAnyHost, allowHosts, createAgentWallet, spendingLimit } from 'stipend'
import { privateKey } from 'stipend/keys'
import { toolsGauntlet, type ToolsGauntletOptions } from 'stipend/testing'
import { paymentTools } from 'stipend/tools'

/** The tools of a wallet under its limits, or under whatever a test has it be under. */
function toolsUnder(
  policyOf: (limits: { readonly host: string; readonly totalUsd: '0.05' }) => ReturnType<typeof allowAnyHost>[],
) {
  const create: ToolsGauntletOptions['create'] = ({ fetch, privateKey: key, limits, clock, monotonic }) => {
    const policy = policyOf(limits)
    const wallet = createAgentWallet({ keyStore: privateKey(key), policy, fetch, clock, monotonic })
    const tools = Object.entries(paymentTools(wallet))
    return Object.fromEntries(tools.map(([name, tool]) => [name, (input: unknown) => tool.execute(input as never, {})]))
  }
  return create
}

describe('a model that is told to overspend', () => {
  test('stays under the limit of the owner in each of many conversations', { timeout: 240_000 }, async () => {
    const create = toolsUnder(({ host, totalUsd }) => [allowHosts([host]), spendingLimit({ dailyLimitUsd: totalUsd })])
    const { broken, most, settled, calls } = await toolsGauntlet({ create, conversations: 60 })
    expect(broken).toEqual([])
    expect(calls).toBeGreaterThan(400)
    expect(most).toBeGreaterThan(0n)
    expect(most).toBeLessThanOrEqual(50_000n)
    expect(settled).toBeGreaterThan(0n)
  })

  test('is found out where there is no limit', { timeout: 240_000 }, async () => {
    const create = toolsUnder(() => [allowAnyHost(), spendingLimit({ dailyLimitUsd: 1000 })])
    const { broken } = await toolsGauntlet({ create, conversations: 20 })
    expect(broken.some((problem) => problem.includes('under a limit of'))).toBe(true)
  })
})
