import { Readable } from 'node:stream'
import axios from 'axios'
import { wrapAxios } from 'stipend/axios'
import { createClient } from 'stipend/client'
import { describe, expect, test } from 'vitest'
import type { PayingFetch } from '../../src/index.js'
import { paidResource } from '../../src/testing/index.js'
import { openService } from '../support/service.ts'
import { openShop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/upload'

/** A shop whose first answer to a payment is lost on its way. */
function openLossy() {
  const shop = openShop()
  const sold = paidResource({
    amount: 10_000n,
    idempotent: true,
    fault: 'settle-then-drop',
    faultTimes: 1,
    clock: () => shop.scene.now,
  })
  const send: typeof fetch = async (input, init) => {
    const streamed = init?.body instanceof Readable ? new Blob(await init.body.toArray()) : undefined
    return sold(new Request(input, streamed ? { ...init, body: streamed } : init))
  }
  return { shop, sold, send, wallet: shop.open({ fetch: send }) }
}

function formOf(text = 'hello'): FormData {
  const form = new FormData()
  form.append('file', new Blob([text]), 'a.txt')
  form.append('note', '--')
  return form
}

/** Writes a form as the package `form-data` streams it. */
function streamOf(boundary: string, text: string): RequestInit {
  const entry = `--${boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\n${text}\r\n`
  const stream = Readable.from([Buffer.from(entry), Buffer.from(`--${boundary}--\r\n`)], { objectMode: false })
  const headers = { 'content-type': `multipart/form-data; boundary="${boundary}"` }
  return { method: 'POST', headers, body: Object(stream) as BodyInit }
}

describe('texts that look like forms', () => {
  const part = (text: string): string => `Content-Disposition: form-data; name="a"\r\n\r\n${text}\r\n`
  test.each([
    ['two texts between dashes', '-----\nPay Ann\n-----', '------\nPay Ann\n------'],
    [
      'two parts that each have their own boundary in a line',
      `--b\r\n${part('a--b')}--b--\r\n`,
      `--c\r\n${part('a--c')}--c--\r\n`,
    ],
    [
      'a part with a line of another boundary, and two parts',
      `--b\r\n${part('x')}--stipend\r\n${part('y')}--b--\r\n`,
      `--b\r\n${part('x')}--b\r\n${part('y')}--b--\r\n`,
    ],
  ])('%s are two requests', async (_what, first, second) => {
    const { wallet } = openLossy()
    const post = (body: string) => wallet.fetch(url, { method: 'POST', body, payment: { key: 'note' } })
    expect(await rejection(post(first))).toMatchObject({ moved: 'maybe' })
    expect(await rejection(post(second))).toMatchObject({ code: 'request_unpayable', moved: 'no' })
  })
})

let drawn = 0
const ways: Readonly<Record<string, (fetch: PayingFetch, text?: string) => Promise<unknown>>> = {
  'a form': (fetch, text) => fetch(url, { method: 'POST', body: formOf(text) }),
  'a Request of a form': (fetch, text) => fetch(new Request(url, { method: 'POST', body: formOf(text) })),
  'a Request of an empty form': (fetch) => fetch(new Request(url, { method: 'POST', body: new FormData() })),
  'bytes of a form': async (fetch, text) => {
    const { headers, body } = new Request(url, { method: 'POST', body: formOf(text) })
    return fetch(url, { method: 'POST', headers, body: await new Response(body).bytes() })
  },
  'a stream of a form': async (fetch, text = 'hello') => {
    drawn += 1
    return fetch(url, streamOf(`--------------------------${'7'.repeat(drawn)}`, text))
  },
  'a form sent by axios': (fetch, text) => wrapAxios(axios, { fetch }).post(url, formOf(text)),
}

describe('the same call after a lost answer', () => {
  test.each(Object.entries(ways))('of %s pays nothing more', async (_way, send) => {
    const { wallet, sold } = openLossy()
    expect(await rejection(send(wallet.fetch))).toMatchObject({ code: 'payment_outcome_unknown' })
    await send(wallet.fetch)
    expect(sold.settled).toBe(10_000n)
    expect(await wallet.payments.list()).toHaveLength(1)
  })

  test.each(Object.entries(ways))('of %s under a key is the same request', async (_way, send) => {
    const { wallet, sold } = openLossy()
    const named: PayingFetch = (input, init) => wallet.fetch(input, { ...init, payment: { key: 'upload-1' } })
    expect(await rejection(send(named))).toMatchObject({ code: 'payment_outcome_unknown' })
    await send(named)
    expect(sold.settled).toBe(10_000n)
  })

  test('of a form through the HTTP service gets what was bought', async () => {
    const { shop, send, sold } = openLossy()
    const { handler, token } = openService({ shop, wallet: { fetch: send } })
    const client = createClient({
      baseUrl: 'http://127.0.0.1:3100',
      sessionToken: await token(),
      fetch: async (input, init) => {
        const headers = new Headers(init?.headers)
        headers.set('host', '127.0.0.1:3100')
        return handler(new Request(input, { ...init, headers }))
      },
    })
    const ask = () => client.x402Fetch(url, { method: 'POST', body: formOf() })
    expect(await rejection(ask())).toMatchObject({ code: 'payment_outcome_unknown' })
    expect((await ask()).status).toBe(200)
    expect(sold.settled).toBe(10_000n)
  })
})

describe('another call after a lost answer', () => {
  test.each(['a form', 'a Request of a form', 'a stream of a form'])('of %s is another purchase', async (way) => {
    const { wallet, sold } = openLossy()
    await rejection(ways[way]?.(wallet.fetch, 'one') ?? Promise.resolve())
    await ways[way]?.(wallet.fetch, 'another')
    expect(sold.settled).toBe(20_000n)
  })

  test.each([
    ['whose first lines differ and which are no forms', ['-- one\r\nSELECT', '-- another\r\nSELECT']],
    ['which only end like a form', ['a\r\n--one--', 'a\r\n--another--']],
    ['which say a boundary in what they hold', ['--b\r\n\r\none\r\n--b--', '--b\r\n\r\none--b\r\n--b--']],
  ])('of texts %s is another purchase', async (_which, [first, second]) => {
    const { wallet, sold } = openLossy()
    await rejection(wallet.fetch(url, { method: 'POST', body: first ?? '' }))
    await wallet.fetch(url, { method: 'POST', body: second ?? '' })
    expect(sold.settled).toBe(20_000n)
  })
})
