import { describe, expect, test, vi } from 'vitest'
import { permit2 } from '../../src/evm/permit2.js'
import { allowHosts, type EvmSigner, type Hex, spendingLimit, type TypedData } from '../../src/index.js'
import { testKeyStore } from '../../src/testing/index.js'
import { listen } from '../support/listen.ts'
import { encode } from '../support/offers.ts'
import { asset, chainOf, declared, network, offer, serve } from '../support/sponsoring-server.ts'
import { createTestWallet, rejection } from '../support/wallets.ts'

const messagesOf = (signed: readonly unknown[]): readonly string[] =>
  (signed as readonly TypedData[]).map(({ primaryType }) => primaryType)

describe('a permit beside a payment', () => {
  test('is for Permit2, exactly the amount, and as long as the payment lives', async () => {
    const { url, paid } = await serve()
    const wallet = createTestWallet({ chains: [chainOf({ allowance: 9999n, nonce: 7n })] })
    await wallet.fetch(url)
    const [permit, transfer, ...others] = wallet.signed as readonly TypedData[]
    expect(others).toEqual([])
    const [payment] = await wallet.payments.list()
    const { payer = '', validBefore = 0, details } = payment?.terms ?? {}
    const deadline = BigInt(validBefore - 1)
    expect(permit).toEqual({
      domain: { name: 'USDC', version: '2', chainId: 84532, verifyingContract: asset },
      types: {
        Permit: [
          { name: 'owner', type: 'address' },
          { name: 'spender', type: 'address' },
          { name: 'value', type: 'uint256' },
          { name: 'nonce', type: 'uint256' },
          { name: 'deadline', type: 'uint256' },
        ],
      },
      primaryType: 'Permit',
      message: { owner: payer, spender: permit2, value: 10_000n, nonce: 7n, deadline },
    })
    expect(transfer?.message).toMatchObject({ permitted: { token: asset, amount: 10_000n }, deadline })
    expect(details).toEqual({ permitNonce: '7' })
    expect(paid[0]?.extensions?.['eip2612GasSponsoring']).toEqual({
      info: {
        description: 'gas is paid',
        version: '1',
        from: payer,
        asset,
        spender: permit2,
        amount: '10000',
        nonce: '7',
        deadline: deadline.toString(),
        signature: expect.stringMatching(/^0x[0-9a-f]{130}$/),
      },
      schema: {},
    })
    expect(Object(paid[0]).payload.signature).toMatch(/^0x[0-9a-f]{130}$/)
    expect(payment?.microUsd).toBe(10_000n)
  })

  test.each([
    ['there is allowance enough', declared, { allowance: 10_000n, nonce: 0n }],
    ['the node says nothing', declared, {}],
  ])('is not signed where %s', async (_why, extensions, words) => {
    const { url, paid } = await serve(extensions)
    const wallet = createTestWallet({ chains: [chainOf(words)] })
    await wallet.fetch(url)
    expect(messagesOf(wallet.signed)).toEqual(['PermitWitnessTransferFrom'])
    expect(paid[0]?.extensions).toEqual(extensions)
  })

  test.each<[string, unknown, object]>([
    ['the server does not take one', {}, { allowance: 0n, nonce: 0n }],
    ['its version is not known', { eip2612GasSponsoring: { info: { version: '2' } } }, { allowance: 0n, nonce: 0n }],
    ['the token takes none', declared, { allowance: 0n }],
  ])('is not signed where %s, and nothing else is', async (_why, extensions, words) => {
    const { url } = await serve(extensions)
    const wallet = createTestWallet({ chains: [chainOf(words)] })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'no_payable_offer' })
    expect(wallet.signed).toEqual([])
  })

  test('is not signed because whoever asks says that it is needed', async () => {
    const wallet = createTestWallet()
    const claim = { ...offer, network, amount: 10_000n, index: 0, raw: {}, allowancePermit: { nonce: '0' } } as const
    const resource = { url: 'http://127.0.0.1:9/', method: 'GET', origin: 'http://127.0.0.1:9', host: '127.0.0.1:9' }
    const required = { protocol: 'x402', claims: [claim], setAside: [], raw: {} }
    await wallet.authorize(required, { resource, labels: {}, requestHash: 'one', sameRequest: false })
    expect(messagesOf(wallet.signed)).toEqual(['PermitWitnessTransferFrom'])
  })

  test('waits for another of the same token, and is told of one of which nobody knows what became', async () => {
    const words = { allowance: 0n, nonce: 7n }
    const { url, paid } = await serve()
    const wallet = createTestWallet({ chains: [chainOf(words)] })
    await wallet.fetch(`${url}/one`)
    expect(await rejection(wallet.fetch(`${url}/two`))).toMatchObject({
      code: 'limit_exceeded',
      moved: 'no',
      message: expect.stringContaining('permits of USDC under way'),
    })
    expect(paid).toHaveLength(1)
    expect(messagesOf(wallet.signed)).toEqual(['Permit', 'PermitWitnessTransferFrom'])
    // The same purchase goes on, and so does the next once the chain has taken the permit.
    await wallet.fetch(`${url}/one`)
    words.nonce = 8n
    await wallet.fetch(`${url}/two`)
    expect((await wallet.payments.list()).map(({ terms }) => terms.details?.['permitNonce'])).toEqual(['8', '7'])
  })

  test('is waited for no longer than documented where the server that has it says nothing', async () => {
    let answer = (): void => {}
    const until = new Promise<void>((resolve) => {
      answer = resolve
    })
    const silent = await serve(declared, { until })
    const { url, paid } = await serve()
    const wallet = createTestWallet({ chains: [chainOf({ allowance: 0n, nonce: 7n })] })
    const first = wallet.fetch(silent.url)
    await vi.waitFor(() => expect(silent.paid).toHaveLength(1))
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'limit_exceeded', moved: 'no' })
    expect([paid, messagesOf(wallet.signed)]).toEqual([[], ['Permit', 'PermitWitnessTransferFrom']])
    answer()
    await first
  }, 20_000)

  test('is waited for no longer than documented where the key of another does not answer', async () => {
    const { url, paid } = await serve()
    const keys = testKeyStore()
    let asked = 0
    const keyStore = {
      ...keys,
      getSigner: async () => {
        const signer = (await keys.getSigner(network)) as EvmSigner
        const signTypedData = async (): Promise<Hex> => {
          asked += 1
          return new Promise(() => {})
        }
        return { ...signer, signTypedData }
      },
    }
    const wallet = createTestWallet({ keyStore, chains: [chainOf({ allowance: 0n, nonce: 7n })] })
    const stop = new AbortController()
    const first = rejection(wallet.fetch(`${url}/one`, { signal: stop.signal }))
    await vi.waitFor(() => expect(asked).toBe(1))
    expect(await rejection(wallet.fetch(`${url}/two`))).toMatchObject({ code: 'limit_exceeded', moved: 'no' })
    expect([asked, paid]).toEqual([1, []])
    stop.abort()
    await first
  }, 20_000)

  test('is signed in turn, in which a call that is given up has no part', async () => {
    const words = { allowance: 0n, nonce: 7n }
    let settle = (): void => {}
    const settled = new Promise<void>((resolve) => {
      settle = resolve
    })
    const order: string[] = []
    const server = await listen(async (request) => {
      const { pathname } = new URL(request.url)
      if (!request.headers.has('payment-signature')) {
        const message = { x402Version: 2, resource: { url: request.url }, accepts: [offer], extensions: declared }
        return new Response('{}', { status: 402, headers: { 'payment-required': encode(message) } })
      }
      order.push(pathname)
      if (pathname === '/one') await settled
      words.nonce += 1n
      return new Response('the report')
    })
    try {
      const wallet = createTestWallet({ chains: [chainOf(words)] })
      const one = wallet.fetch(`${server.url}/one`)
      await vi.waitFor(() => expect(order).toEqual(['/one']))
      const stop = new AbortController()
      const two = rejection(wallet.fetch(`${server.url}/two`, { signal: stop.signal }))
      const three = wallet.fetch(`${server.url}/three`)
      stop.abort()
      await two
      settle()
      expect((await Promise.all([one, three])).map(({ status }) => status)).toEqual([200, 200])
      const permits = (wallet.signed as readonly TypedData[]).filter(({ primaryType }) => primaryType === 'Permit')
      expect(permits.map(({ message }) => message['nonce'])).toEqual([7n, 8n])
      expect(order).toEqual(['/one', '/three'])
    } finally {
      await server.close()
    }
  })

  test('has the nonce that the token takes once the owner has said yes, and holds up no other until then', async () => {
    const words = { allowance: 0n, nonce: 7n }
    const { url } = await serve()
    let answer = (_yes: boolean): void => {}
    let tellAsked = (): void => {}
    const asked = new Promise<void>((resolve) => {
      tellAsked = resolve
    })
    const wallet = createTestWallet({
      chains: [chainOf(words)],
      policy: [allowHosts(['http://127.0.0.1:*']), spendingLimit({ dailyLimitUsd: 0.001, onExceed: 'approve' })],
      onApproval: ({ resource }) => {
        if (!resource.url.endsWith('/slow')) return true
        tellAsked()
        return new Promise<boolean>((resolve) => {
          answer = resolve
        })
      },
    })
    const slow = wallet.fetch(`${url}/slow`)
    await asked
    await wallet.fetch(`${url}/quick`)
    words.nonce = 8n
    answer(true)
    await slow
    const permits = (wallet.signed as readonly TypedData[]).filter(({ primaryType }) => primaryType === 'Permit')
    expect(permits.map(({ message }) => message['nonce'])).toEqual([7n, 8n])
  })

  test('goes nowhere when the signer answers it with something else', async () => {
    const { url, paid } = await serve()
    const keys = testKeyStore()
    const other = testKeyStore({ key: `0x${'42'.repeat(32)}` })
    const signerOf = async (): Promise<EvmSigner> => (await other.getSigner(network)) as EvmSigner
    const keyStore = {
      ...keys,
      getSigner: async () => {
        const signer = (await keys.getSigner(network)) as EvmSigner
        const signTypedData = async (data: TypedData): Promise<Hex> =>
          data.primaryType === 'Permit' ? (await signerOf()).signTypedData(data) : signer.signTypedData(data)
        return { ...signer, signTypedData }
      },
    }
    const wallet = createTestWallet({ keyStore, chains: [chainOf({ allowance: 0n, nonce: 0n })] })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'signing_failed' })
    expect(paid).toEqual([])
  })
})
