import axios, { type AxiosInstance } from 'axios'
import { getAxiosPayment, wrapAxios } from 'stipend/axios'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { setUpMarket, url } from '../support/market.ts'
import { rejection } from '../support/wallets.ts'

const { sell, serve, open, taken, signed } = setUpMarket()

describe('an instance of axios that pays', () => {
  test('gets what is paid for, and shows the payment', async () => {
    sell({ priceUsd: '0.10', respond: () => Response.json({ report: 'sunny' }) })
    const api = wrapAxios(axios.create({ baseURL: 'https://shop.example.com' }), open().session({}))
    const response = await api.get('/report')
    expect(response.data).toEqual({ report: 'sunny' })
    expect(getAxiosPayment(response)).toMatchObject({ status: 'claimed', microUsd: 100_000n })
    expect(taken()).toBe(100_000n)
  })

  test('sends the body with the payment, and takes options for it', async () => {
    const resource = sell({ priceUsd: '0.10' })
    const wallet = open()
    const api = wrapAxios(axios, wallet)
    const response = await api.post(url, { a: 1 }, { fetchOptions: { payment: { key: 'k', labels: { task: '7' } } } })
    expect(getAxiosPayment(response)).toMatchObject({ purchaseKey: 'k', labels: { task: '7' } })
    expect(resource.requests.map(({ method, body }) => [method, body])).toEqual([
      ['POST', '{"a":1}'],
      ['POST', '{"a":1}'],
    ])
    const error = await rejection(api.get(`${url}?2`, { fetchOptions: { payment: { maxUsd: '0.01' } } }))
    expect(error).toMatchObject({ code: 'payment_denied', moved: 'no' })
  })

  test('throws what a payment fails with as it is, and axios’ own errors as theirs', async () => {
    const api = wrapAxios(axios.create(), open())
    sell({ priceUsd: '0.10', fault: 'settle-then-drop' })
    expect(await rejection(api.get(url))).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe' })
    serve(() => new Response('gone', { status: 410 }), `${url}/gone`)
    expect(await rejection(api.get(`${url}/gone`))).toMatchObject({ isAxiosError: true, status: 410 })
    expect(taken()).toBe(100_000n)
  })

  test('says that money can have left when axios’ own timeout strikes after the payment', async () => {
    sell({ priceUsd: '0.10', fault: 'settle-then-hang' })
    const stop = new AbortController()
    const api = wrapAxios(axios, open())
    const failing = rejection(api.get(url, { signal: stop.signal }))
    await expect.poll(taken).toBe(100_000n)
    stop.abort()
    expect(await failing).toMatchObject({ code: 'payment_outcome_unknown' })
  })

  test('keeps the one it is made from from paying', async () => {
    sell()
    const plain = axios.create({ adapter: 'fetch' })
    wrapAxios(plain, open())
    expect(await rejection(plain.get(url))).toMatchObject({ isAxiosError: true, status: 402 })
    expect(signed()).toBe(0)
  })

  test('has the type of an instance', () => {
    expectTypeOf(wrapAxios(axios, open())).toEqualTypeOf<AxiosInstance>()
    expectTypeOf(wrapAxios(axios.create(), open())).toEqualTypeOf<AxiosInstance>()
    expect(getAxiosPayment({})).toBeUndefined()
  })
})
