import { describe, expect, test } from 'vitest'
import { allowHosts, createAgentWallet, spendingLimit } from 'stipend'
import { privateKey } from 'stipend/keys'
import { type McpClient, withPayments } from 'stipend/mcp'
import { mcpGauntlet, type McpAnswer, type McpSend } from 'stipend/testing'

describe('the gauntlet of tools', () => {
  test('is passed by stipend in every case', async () => {
    const results = await mcpGauntlet({
      create: ({ send, privateKey: key, limits }) => {
        const wallet = createAgentWallet({
          keyStore: privateKey(key),
          policy: [allowHosts(['weather.mcp.invalid']), spendingLimit({ dailyLimitUsd: limits.totalUsd })],
        })
        const client: McpClient = {
          request: async ({ method, params }) =>
            method === 'tools/list' ? { tools: [{ name: 'forecast' }] } : send(params as Parameters<McpSend>[0]),
        }
        const tools = withPayments(client, wallet, { server: 'weather' })
        return async (call) => (await tools.callTool(call)) as McpAnswer
      },
    })
    expect(results.length).toBeGreaterThan(15)
    expect(results.filter(({ verdict }) => verdict !== 'pass')).toEqual([])
    expect(results[0]).toMatchObject({ name: 'honest', authorizations: 1, caller: ['an answer'] })
  })

  test('fails a client that pays nothing, in the case of an honest server alone', async () => {
    const results = await mcpGauntlet({ create: ({ send }) => send })
    expect(results.filter(({ verdict }) => verdict === 'fail').map(({ name }) => name)).toEqual(['honest'])
  })
})
