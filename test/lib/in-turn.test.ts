import { expect, test } from 'vitest'
import { nextTurn } from '../../src/lib/deadline.js'
import { ahead, holdTurn, inTurn } from '../../src/lib/in-turn.js'

test('what goes ahead waits for the work that is being done, and for no turn that is held', async () => {
  const owner = {}
  const order: string[] = []
  const work = (name: string) => async (): Promise<void> => {
    order.push(name)
    await nextTurn()
    order.push(`${name} is done`)
  }
  const first = inTurn(owner, work('first'))
  await Promise.resolve()
  const held = holdTurn(owner, { ms: 60_000 })
  const last = inTurn(owner, work('last'))
  await ahead(owner, work('urgent'))
  expect(order).toEqual(['first', 'first is done', 'urgent', 'urgent is done'])
  const end = await held
  const other = ahead(owner, work('another'))
  end()
  await Promise.all([first, other, last])
  expect(order.slice(4)).toEqual(['another', 'another is done', 'last', 'last is done'])
})
