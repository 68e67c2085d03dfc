import { describe, expect, test } from 'vitest'
import { allowActions, createPolicyEngine, policyFromJSON } from '../../src/index.js'
import { type ActionBounds, supply, swap, transferNft, withdraw } from '../../src/actions/index.js'
import type { ActionPlan } from '../../src/ports/action.js'
import type { PaymentRequest } from '../../src/ports/policy.js'
import { actionOn, transferTo } from '../../src/resource.js'
import { pinnedAssets } from '../../src/assets/pinned.js'
import { aavePools, spokePools, uniswap } from '../../src/assets/pinned-contracts.js'
import { findWiderAction } from '../../src/policy/rules/actions.js'

const network = 'eip155:8453'
const weth = '0x4200000000000000000000000000000000000006'
const [usdc] = pinnedAssets()
const { router = '0x' } = uniswap[network] ?? {}
const pool = aavePools[network] ?? '0x'
const stranger = '0x000000000000000000000000000000000000dEaD'
const bounds = swap({ network, pairs: [['USDC', 'WETH']], maxSlippageBps: 50, maxUsd: 10 })

function tokenOf(symbol: string, address: string) {
  return { kind: 'erc20', symbol, address, decimals: 6 } as const
}

const usd = tokenOf('USDC', usdc?.address ?? '')
const plan: ActionPlan = {
  action: 'swap',
  network,
  facts: { fee: 500, slippageBps: 50 },
  calls: [{ to: router, value: 0n, data: '0x' }],
  outflows: [{ token: usd, amount: 1n }],
  inflows: [{ token: tokenOf('WETH', weth), amount: 1n }],
  approvals: [{ token: usd, spender: router, amount: 1n }],
}

async function judge(different: Partial<ActionPlan> = {}, microUsd = 5_000_000n, rules = [allowActions([bounds])]) {
  if (!usdc) throw new Error('no asset is pinned')
  const offer = { index: 0, scheme: 'action', network, asset: usdc, amount: 1n, microUsd, payTo: router } as const
  const request: PaymentRequest = {
    resource: actionOn(network, 'swap'),
    offer: { ...offer, maxTimeoutSeconds: 60, extra: {}, raw: undefined },
    labels: {},
    now: 0,
    plan: { ...plan, ...different },
  }
  const verdict = await createPolicyEngine(rules).evaluate(request)
  return verdict.type === 'allow' ? 'allow' : verdict.refusals.map(({ reason }) => reason).join('; ')
}

describe('bounds that are read', () => {
  const lists = { network, maxUsd: 1, action: 'transferNft' }

  test.each([
    [{ ...lists, contracts: [weth], to: [] }, 'to is not usable'],
    [{ ...lists, contracts: [weth, 'not one'], to: [stranger] }, 'contracts is not usable'],
    [{ ...lists, contracts: weth, to: [stranger] }, 'contracts is not usable'],
    [{ ...lists, contracts: [weth], to: [stranger], from: [weth] }, 'from is no bound of it'],
    [{ ...bounds, maxSlippageBps: -1 }, 'maxSlippageBps is not usable'],
    [{ ...bounds, maxSlippageBps: 1001 }, 'maxSlippageBps is not usable'],
    [{ ...bounds, maxSlippageBps: 0.5 }, 'maxSlippageBps is not usable'],
    [{ ...bounds, pairs: [] }, 'pairs is not usable'],
    [{ ...bounds, network: 'base' }, 'its network is no CAIP-2 id'],
    [{ ...bounds, action: 'swap it' }, 'it has no name'],
    [{ action: 'bridge', network, maxUsd: 1, to: [], tokens: ['USDC'], maxFeeBps: 1 }, 'to is not usable'],
    [{ action: 'bridge', network, maxUsd: 1, to: ['base'], tokens: ['USDC'], maxFeeBps: 1 }, 'to is not usable'],
    [
      { action: 'bridge', network, maxUsd: 1, to: [network, 'base'], tokens: ['USDC'], maxFeeBps: 1 },
      'to is not usable',
    ],
  ])('are refused where they are %j', (wrong, reason) => {
    expect(() => allowActions([wrong as unknown as ActionBounds])).toThrow(reason)
  })

  test.each([0, 1000])('may have a slippage of %d', (maxSlippageBps) => {
    expect(() => allowActions([{ ...bounds, maxSlippageBps }])).not.toThrow()
  })
})

describe('the bounds of actions', () => {
  test('let through what is within them', async () => {
    expect(await judge()).toBe('allow')
  })

  test.each<[string, Partial<ActionPlan>, bigint, string]>([
    ['another action', { action: 'bridge' }, 1n, 'bridge on eip155:8453 is not an allowed action'],
    ['another network', { network: 'eip155:1' }, 1n, 'not an allowed action'],
    [
      'another token to sell',
      { outflows: [{ token: tokenOf('DAI', stranger), amount: 1n }] },
      1n,
      'not an allowed pair',
    ],
    [
      'another token to buy',
      { inflows: [{ token: tokenOf('PEPE', stranger), amount: 1n }] },
      1n,
      'not an allowed pair',
    ],
    [
      'a second token to sell',
      { outflows: [...plan.outflows, { token: tokenOf('DAI', stranger), amount: 1n }] },
      1n,
      '2 tokens would leave',
    ],
    ['another pool', { facts: { fee: 100, slippageBps: 50 } }, 1n, 'not an allowed pair'],
    ['more slippage', { facts: { fee: 500, slippageBps: 51 } }, 1n, '51 are asked'],
    ['a slippage that nobody told', { facts: { fee: 500 } }, 1n, 'are asked'],
    ['more money', {}, 10_000_001n, '$10.00 at most'],
    [
      'a fake router',
      { calls: [{ to: stranger, value: 0n, data: '0x' }] },
      1n,
      `${stranger} is not an allowed contract`,
    ],
    [
      'a spender that is not pinned',
      { approvals: [{ token: usd, spender: stranger, amount: 1n }] },
      1n,
      'not an allowed',
    ],
  ])('deny %s', async (_what, different, microUsd, reason) => {
    expect(await judge(different, microUsd)).toContain(reason)
  })

  test('all hold where a policy has several rules of them', async () => {
    const narrower = allowActions([swap({ network, pairs: [['USDC', 'WETH']], maxSlippageBps: 10, maxUsd: 10 })])
    expect(await judge({}, 1n, [allowActions([bounds]), narrower])).toContain('10 basis points at most')
    expect(await judge({}, 1n, [allowActions([bounds]), allowActions([])])).toContain('not an allowed action')
  })

  test('permit no transfer and no payment', async () => {
    const engine = createPolicyEngine([allowActions([bounds])])
    if (!usdc) throw new Error('no asset is pinned')
    const offer = { index: 0, scheme: 'exact', network, asset: usdc, amount: 1n, microUsd: 1n, payTo: router } as const
    const about = { offer: { ...offer, maxTimeoutSeconds: 60, extra: {}, raw: undefined }, labels: {}, now: 0 }
    expect(await engine.evaluate({ ...about, resource: transferTo(network, router) })).toMatchObject({ type: 'deny' })
    const url = 'https://api.example.com/'
    const resource = { url, method: 'GET', origin: 'https://api.example.com', host: 'api.example.com' }
    expect(await engine.evaluate({ ...about, resource })).toMatchObject({ type: 'deny' })
  })

  test('of lending let through the tokens that are named, by the pool that is pinned, and nothing else', async () => {
    const [toEth, toUsd] = [
      supply({ network, tokens: ['WETH'], maxUsd: 10 }),
      supply({ network, tokens: [usd.address], maxUsd: 10 }),
    ]
    const other = { ...plan, action: 'supply', calls: [{ to: pool, value: 0n, data: '0x' }] } as const
    const sound = { ...other, approvals: [{ token: usd, spender: pool, amount: 1n }] }
    const ask = (bounds: ActionBounds, different: Partial<ActionPlan> = {}) =>
      judge({ ...sound, ...different }, 1n, [allowActions([bounds])])
    expect(await ask(toUsd)).toBe('allow')
    expect(await ask(toEth)).toContain('USDC is not an allowed token')
    expect(await ask(toUsd, { calls: [{ to: stranger, value: 0n, data: '0x' }] })).toContain('not an allowed contract')
    expect(await ask(toUsd, { approvals: plan.approvals })).toContain('not an allowed contract')
    expect(await ask(toUsd, { outflows: [] })).toContain('nothing is not an allowed token')
    const both = [...plan.outflows, { token: tokenOf('WETH', weth), amount: 1n }]
    expect(await ask(toUsd, { outflows: both })).toContain('WETH is not an allowed token')
    expect(await ask(toUsd, { action: 'withdraw' })).toContain('withdraw on eip155:8453 is not an allowed action')
    const back = { action: 'withdraw', outflows: plan.inflows, inflows: plan.outflows, approvals: [] } as const
    expect(await ask(withdraw({ network, tokens: ['USDC'], maxUsd: 10 }), back)).toBe('allow')
    expect(await ask(withdraw({ network, tokens: ['WETH'], maxUsd: 10 }), back)).toContain('USDC is not an allowed')
    for (const tokens of [[], 'USDC', [1], undefined]) {
      expect(() => supply({ network, tokens: tokens as never, maxUsd: 10 })).toThrow(/tokens is not usable/)
    }
  })

  test('of a bridge let through its networks, tokens and fee, and nothing beyond', async () => {
    const there = 'eip155:42161'
    const most = { action: 'bridge', network, to: [there], tokens: ['USDC'], maxFeeBps: 20, maxUsd: 10 } as const
    const ask = (different: Partial<ActionPlan> = {}) =>
      judge(
        {
          action: 'bridge',
          facts: { to: there, feeBps: 20 },
          calls: [{ to: spokePools[network] ?? '0x', value: 0n, data: '0x' }],
          inflows: [],
          approvals: [{ token: usd, spender: spokePools[network] ?? '0x', amount: 1n }],
          ...different,
        },
        1n,
        [allowActions([most])],
      )
    expect(await ask()).toBe('allow')
    expect(await ask({ facts: { to: there, feeBps: 21 } })).toContain('20 basis points at most, and 21 are offered')
    expect(await ask({ facts: { to: there } })).toContain('are offered')
    expect(await ask({ facts: { to: 'eip155:1', feeBps: 20 } })).toContain('eip155:1 is not a network')
    expect(await ask({ outflows: [] })).toContain('nothing is not an allowed token')
    expect(await ask({ outflows: [{ token: tokenOf('WETH', weth), amount: 1n }] })).toContain('WETH is not an allowed')
    expect(await ask({ calls: [{ to: stranger, value: 0n, data: '0x' }] })).toContain('not an allowed contract')
  })

  test('of an NFT let through its collections, to those who are named, and nothing else', async () => {
    const art = { kind: 'erc721', symbol: 'ART', address: weth, decimals: 0, id: 1n } as const
    const most = transferNft({ network, contracts: [weth], to: [router], maxUsd: 1 })
    const ask = (different: Partial<ActionPlan> = {}) =>
      judge(
        {
          action: 'transferNft',
          facts: { to: router },
          calls: [{ to: weth, value: 0n, data: '0x' }],
          outflows: [{ token: art, amount: 1n }],
          inflows: [],
          approvals: [],
          ...different,
        },
        1n,
        [allowActions([most])],
      )
    expect(await ask()).toBe('allow')
    const both = [art, { ...art, address: stranger }].map((token) => ({ token, amount: 1n }))
    expect(await ask({ outflows: both })).toContain(`${stranger} is not an allowed contract`)
    expect(await ask({ outflows: [] })).toContain('nothing is not an allowed contract')
    expect(await ask({ facts: { to: stranger } })).toContain(`${stranger} is not allowed to be sent any`)
    expect(await ask({ calls: [{ to: stranger, value: 0n, data: '0x' }] })).toContain('not an allowed contract')
    expect(await ask({ approvals: plan.approvals })).toContain('not an allowed contract')
  })

  test.each<[string, object, boolean]>([
    ['the same', {}, false],
    ['less money', { maxUsd: 9 }, false],
    ['more money', { maxUsd: 11 }, true],
    ['less slippage', { maxSlippageBps: 49 }, false],
    ['more slippage', { maxSlippageBps: 51 }, true],
    [
      'another pair too',
      {
        pairs: [
          ['USDC', 'WETH'],
          ['WETH', 'USDC'],
        ],
      },
      true,
    ],
    ['another network', { network: 'eip155:1' }, true],
    ['another action', { action: 'supply', pairs: undefined, maxSlippageBps: undefined, tokens: ['USDC'] }, true],
  ])('reach no further for a session made from another with %s, or are said to', (_what, different, isWider) => {
    const given = Object.entries({ ...bounds, ...different }).filter(([, value]) => value !== undefined)
    const inner = Object.fromEntries(given) as unknown as ActionBounds
    expect(findWiderAction([bounds], [inner]) !== undefined).toBe(isWider)
    expect(findWiderAction([], [inner])).toContain('reaches further')
    expect(findWiderAction([bounds], [])).toBeUndefined()
  })

  test('are written as data, and read again', async () => {
    const lending = withdraw({ network, tokens: [weth.toLowerCase()], maxUsd: 10 })
    const engine = policyFromJSON(JSON.stringify(createPolicyEngine([allowActions([bounds, lending])])))
    expect(JSON.stringify(engine)).toContain('"maxSlippageBps":50')
    expect(JSON.stringify(engine)).toContain(`"tokens":["${weth}"]`)
  })

  test.each<[string, object]>([
    ['a network that is none', { network: 'base' }],
    ['a pair of one', { pairs: [['USDC']] }],
    ['no pair', { pairs: [] }],
    ['a fee that is none', { pairs: [['USDC', 'WETH', 0.05]] }],
    ['a slippage over a tenth', { maxSlippageBps: 1001 }],
    ['a slippage that is no whole number', { maxSlippageBps: 0.5 }],
    ['no end', { maxUsd: undefined }],
    ['a misspelt bound', { maxSlipageBps: 3 }],
  ])('are not made with %s', (_what, different) => {
    expect(() => swap({ network, pairs: [['USDC', 'WETH']], maxSlippageBps: 50, maxUsd: 10, ...different })).toThrow(
      /Failed to read/,
    )
  })
})
