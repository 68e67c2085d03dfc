import { createMcpHandler } from '@modelcontextprotocol/server'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createMcpServer } from 'stipend/mcp'
import { sqliteLedger } from 'stipend/sqlite'
import type { AgentWallet, Session } from '../../src/index.js'
import { temporaryFolder } from '../support/folder.ts'
import { setUpMarket, url } from '../support/market.ts'

const { sell, open, taken, signed } = setUpMarket()
const folder = temporaryFolder()

describe('an approval at the host', () => {
  /** Sends rounds of a call by hand, as a client of the modern line does, over any number of processes. */
  const openDesk = (wallet: AgentWallet, owner: AgentWallet | Session = wallet) => {
    const handler = createMcpHandler(() => createMcpServer(owner, { approvals: wallet.approvals }))
    let id = 0
    return async (args: object, round: object = {}): Promise<Record<string, unknown>> => {
      const meta = {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'host', version: '1' },
        'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
      }
      const params = { name: 'pay_fetch', arguments: args, ...round, _meta: meta }
      const response = await handler.fetch(
        new Request('http://127.0.0.1/mcp', {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
            'mcp-protocol-version': '2026-07-28',
            'mcp-method': 'tools/call',
            'mcp-name': 'pay_fetch',
          },
          body: JSON.stringify({ jsonrpc: '2.0', id: ++id, method: 'tools/call', params }),
        }),
      )
      const text = await response.text()
      const message = JSON.parse(text.replace(/^[\s\S]*?data: /, ''))
      return message.result ?? message.error
    }
  }

  const accepted = { approval: { action: 'accept', content: { approve: true } } }

  test('outlives the process that asked: asked in one, answered in another, paid once', async () => {
    sell({ priceUsd: '5' })
    const file = join(folder, 'restart.db')
    const asked = await openDesk(open({ ledger: sqliteLedger(file, { monotonic: false }) }))({ url })
    expect(asked).toMatchObject({ resultType: 'input_required', requestState: expect.stringMatching(/^call_/) })
    expect(signed()).toBe(0)

    const second = open({ ledger: sqliteLedger(file, { monotonic: false }) })
    const desk = openDesk(second)
    const round = { requestState: asked['requestState'], inputResponses: accepted }
    expect(await desk({ url }, round)).toMatchObject({
      structuredContent: { status: 'ok', payment: { amountUsd: '$5.00' } },
    })
    // Sent again, here and in a third process, it is the same purchase.
    for (const again of [desk, openDesk(open({ ledger: sqliteLedger(file, { monotonic: false }) }))]) {
      expect(await again({ url }, round)).toMatchObject({
        structuredContent: { status: 'ok', explanation: expect.stringContaining('nothing was paid again') },
      })
    }
    expect(taken()).toBe(5_000_000n)
    expect(await second.payments.list()).toHaveLength(1)
  })

  test('outlives the process for a session too, which is opened again by its token', async () => {
    sell({ priceUsd: '5' })
    const file = join(folder, 'session.db')
    const first = open({ ledger: sqliteLedger(file, { monotonic: false }) })
    const session = first.session({})
    const { requestState } = await openDesk(first, session)({ url })
    const second = open({ ledger: sqliteLedger(file, { monotonic: false }) })
    const desk = openDesk(second, await second.openSession(await session.token()))
    const round = { requestState, inputResponses: accepted }
    expect(await desk({ url }, round)).toMatchObject({ structuredContent: { status: 'ok' } })
    await desk({ url }, round)
    expect(taken()).toBe(5_000_000n)
  })

  test.each<[string, (state: unknown) => unknown]>([
    ['made up', () => `call_${'0'.repeat(32)}`],
    ['of another shape', () => 'approve'],
    ['cut', (state) => String(state).slice(0, -1)],
    ['missing', () => undefined],
  ])('with a state that is %s approves nothing', async (_, forge) => {
    sell({ priceUsd: '5' })
    const wallet = open()
    const desk = openDesk(wallet, wallet.session({}))
    const asked = await desk({ url })
    await desk({ url }, { requestState: forge(asked['requestState']), inputResponses: accepted })
    expect([taken(), signed()]).toEqual([0n, 0])
    expect((await wallet.approvals.list()).some(({ status }) => status === 'approved')).toBe(false)
  })

  test('of one request does not pay for another', async () => {
    sell({ priceUsd: '5' })
    sell({ priceUsd: '6' }, 'https://a.data.example/other')
    const wallet = open()
    const desk = openDesk(wallet, wallet.session({}))
    const { requestState } = await desk({ url })
    const round = { requestState, inputResponses: accepted }
    const other = { url: 'https://a.data.example/other' }
    expect(await desk(other, round)).toMatchObject({ structuredContent: { status: 'denied' } })
    expect(await desk({ url, method: 'POST', body: 'x' }, round)).toMatchObject({
      structuredContent: { status: 'denied' },
    })
    expect([taken(), signed()]).toEqual([0n, 0])
  })

  test('does not pay terms that have changed since it was asked for', async () => {
    sell({ priceUsd: '5' })
    const wallet = open()
    const desk = openDesk(wallet, wallet.session({}))
    const { requestState } = await desk({ url })
    sell({ priceUsd: '6' })
    const round = { requestState, inputResponses: accepted }
    expect(await desk({ url }, round)).toMatchObject({ structuredContent: { status: 'denied' } })
    expect([taken(), signed()]).toEqual([0n, 0])
  })

  test('of one session is not one of another', async () => {
    sell({ priceUsd: '5' })
    const wallet = open()
    const { requestState } = await openDesk(wallet, wallet.session({}))({ url })
    const round = { requestState, inputResponses: accepted }
    expect(await openDesk(wallet, wallet.session({}))({ url }, round)).toMatchObject({ isError: true })
    expect([taken(), signed()]).toEqual([0n, 0])
  })

  test('that was denied stays denied, whatever the host says later', async () => {
    sell({ priceUsd: '5' })
    const wallet = open()
    const desk = openDesk(wallet, wallet.session({}))
    const { requestState } = await desk({ url })
    await desk({ url }, { requestState, inputResponses: { approval: { action: 'decline' } } })
    expect(await desk({ url }, { requestState, inputResponses: accepted })).toMatchObject({ isError: true })
    expect([taken(), signed()]).toEqual([0n, 0])
  })

  test('is asked for again when the answer got lost', async () => {
    sell({ priceUsd: '5' })
    const wallet = open()
    const desk = openDesk(wallet, wallet.session({}))
    const { requestState } = await desk({ url, key: 'report' })
    expect(await desk({ url, key: 'report' }, { requestState })).toMatchObject({ requestState })
    expect(await desk({ url, key: 'report' })).toMatchObject({ requestState })
    expect(await wallet.approvals.list()).toHaveLength(1)
    await desk({ url, key: 'report' }, { requestState, inputResponses: accepted })
    expect(taken()).toBe(5_000_000n)
  })
})
