import { expect, test } from 'vitest'
import { simulate } from './simulate.ts'

test.each([1, 2, 3, 4, 6, 8])('every promise holds after every step of simulation %i', async (seed) => {
  const { steps, world } = await simulate(seed, 60)
  expect(steps).toHaveLength(121)
  expect(world.shop.sightings.length).toBeGreaterThan(0)
})

test('the same seed tells the same story', async () => {
  const first = await simulate(7, 40)
  const second = await simulate(7, 40)
  expect(second.steps).toEqual(first.steps)
})
