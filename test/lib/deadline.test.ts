import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { unlessAborted, waitFor } from '../../src/lib/deadline.ts'
import { defer, never } from '../support/time.ts'
import { rejection } from '../support/wallets.ts'

describe('waiting with a deadline', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('takes what has settled already without a timer', async () => {
    const set = vi.spyOn(globalThis, 'setTimeout')
    expect(await waitFor(Promise.resolve(1), { ms: 1000 })).toBe(1)
    expect(await waitFor((async () => 2)(), { ms: 1000 })).toBe(2)
    expect(await rejection(waitFor(Promise.reject(new Error('no')), { ms: 1000 }))).toMatchObject({ message: 'no' })
    expect(set).not.toHaveBeenCalled()
  })

  test('ends when it is late, and says what was waited for', async () => {
    const late = rejection(waitFor(never(), { ms: 1000, sentence: 'nothing came' }))
    await vi.advanceTimersByTimeAsync(999)
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(await late).toMatchObject({ name: 'TimeoutError', message: 'nothing came' })
  })

  test('leaves neither a timer nor a listener behind, however it ends', async () => {
    const { signal, removed, abort } = watchedSignal()
    const answer = defer<string>()
    const answered = waitFor(answer.promise, { ms: 1000, signal })
    await vi.advanceTimersByTimeAsync(1)
    answer.resolve('yes')
    expect(await answered).toBe('yes')
    expect([vi.getTimerCount(), removed()]).toEqual([0, 1])
    const aborted = rejection(waitFor(never(), { ms: 1000, signal }))
    await vi.advanceTimersByTimeAsync(1)
    abort('enough')
    expect(await aborted).toBe('enough')
    expect([vi.getTimerCount(), removed()]).toEqual([0, 2])
  })

  test('of more than a timer can count does not end at once', async () => {
    const state = { isOver: false }
    waitFor(never(), { ms: 2 ** 40 }).catch(() => {
      state.isOver = true
    })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(state.isOver).toBe(false)
  })

  test('ends at once where the signal is aborted already', async () => {
    const reason = new Error('before')
    expect(await rejection(unlessAborted(AbortSignal.abort(reason), never()))).toBe(reason)
  })

  test('takes care of a rejection that comes too late', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const answer = defer()
    const late = rejection(
      waitFor(
        answer.promise.then(() => Promise.reject(new Error('late'))),
        { ms: 1 },
      ),
    )
    await vi.advanceTimersByTimeAsync(1)
    expect(await late).toMatchObject({ name: 'TimeoutError' })
    answer.resolve()
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate)
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })
})

function watchedSignal(): {
  readonly signal: AbortSignal
  readonly removed: () => number
  readonly abort: (reason: unknown) => void
} {
  const controller = new AbortController()
  const remove = vi.spyOn(controller.signal, 'removeEventListener')
  return {
    signal: controller.signal,
    removed: () => remove.mock.calls.length,
    abort: (reason) => controller.abort(reason),
  }
}
