import { describe, expect, test } from 'vitest'
import { allowHosts, type Limit, type Rule, type Verdict } from '../../src/index.js'
import { guardPolicy } from '../../src/policy/engine.js'
import { narrowPolicy } from '../../src/policy/narrow.js'
import { createRequest } from '../support/offers.ts'

const limitOf = (name: string): Limit => ({
  name,
  scope: 'wallet',
  window: { type: 'payment' },
  measure: 'count',
  max: 9n,
})
const pinOf = (key: string) => ({ name: key, key, value: 'x', onDiffer: 'deny' }) as const
const own = (answer: unknown) => guardPolicy({ evaluate: () => answer as Verdict })
const beside = (answer: unknown): Rule => ({ name: 'beside', judge: () => answer as never })
const judge = (answer: unknown, ...rules: readonly Rule[]) => narrowPolicy(own(answer), rules).evaluate(createRequest())

const breaks = () => {
  throw new Error('no disk')
}

const allow = { type: 'allow', limits: [limitOf('own')] }
const deny = { type: 'deny', refusals: [{ rule: 'own', reason: 'never' }] }

describe('a policy with rules beside it', () => {
  test('allows what both allow, under the limits of both', async () => {
    const verdict = await judge(allow, beside({ type: 'allow', limits: [limitOf('beside')] }))
    expect(verdict).toMatchObject({ type: 'allow', notify: false, pins: [] })
    const names = verdict.type === 'allow' ? verdict.limits.map(({ name }) => name) : []
    expect(names).toEqual(expect.arrayContaining(['own', 'beside']))
  })

  test.each([
    ['the policy', deny, { type: 'allow' }, ['never']],
    ['the rules', allow, { type: 'deny', reason: 'not here' }, ['not here']],
    ['both', deny, { type: 'deny', reason: 'not here' }, ['never', 'not here']],
  ])('denies what is denied by %s, and says so once', async (_who, answer, decision, reasons) => {
    const verdict = await judge(answer, beside(decision))
    expect(verdict.type === 'deny' && verdict.refusals.map(({ reason }) => reason)).toEqual(reasons)
  })

  test.each([
    [false, false, false],
    [true, false, true],
    [false, true, true],
    [true, true, true],
  ])('tells its owner where one of them wants it: %s and %s', async (first, second, told) => {
    const verdict = await judge({ ...allow, notify: first }, beside({ type: 'allow', notify: second }))
    expect(verdict).toMatchObject({ type: 'allow', notify: told })
  })

  test('holds to the pins of both, and to the stricter hold', async () => {
    const delay = { kind: 'delay', reason: 'slowly', seconds: 5 }
    const approval = { kind: 'approval', reason: 'ask' }
    const verdict = await judge(
      { ...allow, pins: [pinOf('a')], hold: delay },
      beside({ type: 'allow', pins: [pinOf('b')], hold: approval }),
    )
    expect(verdict).toMatchObject({ pins: [{ key: 'a' }, { key: 'b' }], hold: { kind: 'approval' } })
    // A person reads what both ask for.
    const asks = await judge(
      { ...allow, hold: approval },
      beside({ type: 'allow', hold: { ...approval, reason: 'why' } }),
    )
    expect(asks).toHaveProperty('hold', { kind: 'approval', reason: 'ask; why', reasons: ['ask', 'why'] })
    const once = await judge({ ...allow, hold: approval }, beside({ type: 'allow', hold: approval }))
    expect(once).toHaveProperty('hold', approval)
  })

  test.each([
    ['the policy', breaks, () => ({ type: 'allow' })],
    ['the rules', () => allow, breaks],
  ])('says what went wrong where %s cannot judge', async (_who, evaluate, decide) => {
    const policy = guardPolicy({ evaluate: () => evaluate() as Verdict })
    const verdict = await narrowPolicy(policy, [{ name: 'beside', judge: () => decide() as never }]).evaluate(
      createRequest(),
    )
    expect(verdict).toMatchObject({ type: 'deny', cause: { message: 'no disk' } })
  })

  test.each([[['ask', 5]], [[]], ['ask']])('is denied where the reasons for a person are %j', async (reasons) => {
    const hold = { kind: 'approval', reason: 'ask', reasons }
    expect(await judge({ ...allow, hold }, beside({ type: 'allow' }))).toMatchObject({ type: 'deny' })
  })

  test('is denied where a rule beside it allows other hosts', async () => {
    expect(await judge(allow, allowHosts(['elsewhere.example']))).toMatchObject({ type: 'deny' })
  })
})
