import { describe, expect, test } from 'vitest'
import { ask, cosign, devnetUsdc, RpcError } from '../support/solana/index.ts'
import { setUpLocalChain, send, sign, chain, parties, valueOf, statusOf } from '../support/local-chain.ts'

setUpLocalChain()

describe('a socket of the local chain', () => {
  test.each([0, 1])('tells at port + %i what was true before it was asked', async (offset) => {
    const signature = await send(await sign())
    chain.tick()
    const url = new URL(chain.url)
    const socket = new WebSocket(`ws://127.0.0.1:${Number(url.port) + offset}/socket`)
    await new Promise((resolve) => socket.addEventListener('open', resolve))
    const heard: unknown[] = []
    socket.addEventListener('message', ({ data }) => heard.push(JSON.parse(String(data))))

    const params = [signature, { commitment: 'confirmed' }]
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'signatureSubscribe', params }))

    await expect.poll(() => heard).toHaveLength(2)
    const [{ result: subscription }] = heard as [{ readonly result: unknown }]
    expect(heard).toMatchObject([
      { id: 7, result: expect.any(Number) },
      { method: 'signatureNotification', params: { subscription, result: { value: { err: null } } } },
    ])
    socket.close()
  })
})

describe('an account on the local chain', () => {
  test('is answered as it was at the commitment', async () => {
    const account = await chain.tokenAccount(parties.payTo, devnetUsdc)
    const balances = () =>
      Promise.all(
        ['processed', 'confirmed', 'finalized'].map(async (commitment) => {
          const amount = await valueOf('getTokenAccountBalance', [account, { commitment }])
          return (amount as { readonly amount: string }).amount
        }),
      )
    await send(await sign())
    expect(await balances()).toEqual(['1000', '0', '0'])
    chain.tick()
    await send(await sign())
    expect(await balances()).toEqual(['2000', '1000', '0'])
    chain.tick(31)
    expect(await balances()).toEqual(['2000', '2000', '1000'])
  })

  test('is parsed if it has to do with tokens', async () => {
    const account = await chain.tokenAccount(parties.payer.address, devnetUsdc)
    const parsed = await valueOf('getMultipleAccounts', [
      [account, devnetUsdc, parties.payTo],
      { encoding: 'jsonParsed', commitment: 'confirmed' },
    ])
    const tokenAmount = { amount: '1000000', decimals: 6, uiAmount: 1, uiAmountString: '1' }
    expect(parsed).toMatchObject([
      { data: { program: 'spl-token', parsed: { type: 'account', info: { mint: devnetUsdc, tokenAmount } } } },
      { data: { program: 'spl-token', parsed: { type: 'mint', info: { decimals: 6, supply: '1000000' } } } },
      null,
    ])
  })
})

describe('the clock of the local chain', () => {
  test('is the newest block for programs too', async () => {
    chain.tick(1000)
    const address = 'SysvarC1ock11111111111111111111111111111111'
    const found = (await valueOf('getAccountInfo', [address, { encoding: 'base64' }])) as { readonly data: [string] }
    const data = Buffer.from(found.data[0], 'base64')
    const { slot, time } = chain.blockAt('processed')
    expect([data.readBigUInt64LE(0), data.readBigInt64LE(32)]).toEqual([BigInt(slot), BigInt(time)])
  })
})

describe('the history of the local chain', () => {
  const list = async (address: string, config: object = {}): Promise<readonly string[]> => {
    const { result } = await ask(chain, 'getSignaturesForAddress', [address, config])
    return (result as readonly { readonly signature: string }[]).map(({ signature }) => signature)
  }

  test('tells the final transactions of a token account, newest first, page by page', async () => {
    const account = await chain.tokenAccount(parties.payer.address, devnetUsdc)
    const sent: string[] = []
    for (let count = 0; count < 40; count += 1) sent.unshift(await send(await sign()))
    expect(await list(account)).toEqual([])
    chain.tick(32)
    expect(await list(account)).toEqual(sent)
    expect(await list(account, { limit: 3, before: sent[5] })).toEqual(sent.slice(6, 9))
    expect(await list(account, { until: sent[2] })).toEqual(sent.slice(0, 2))
    expect(await list(await chain.createPayee())).toEqual([])
  })

  test('lists a transaction with its memo and its end', async () => {
    const signature = await send(await sign({ memo: 'order 42' }))
    const { slot, time: blockTime } = chain.blockAt('processed')
    chain.tick()
    const params = [parties.payer.address, { commitment: 'confirmed' }]
    expect(await ask(chain, 'getSignaturesForAddress', params)).toMatchObject({
      result: [{ signature, slot, blockTime, err: null, memo: '[8] order 42', confirmationStatus: 'confirmed' }],
    })
  })

  test('has what a transaction said and what it moved', async () => {
    const transaction = await sign({ memo: 'order 42' })
    const signature = await send(transaction)
    const read = (config: object) =>
      ask(chain, 'getTransaction', [
        signature,
        { commitment: 'confirmed', maxSupportedTransactionVersion: 0, ...config },
      ])
    expect(await read({})).toMatchObject({ result: null })
    chain.tick()

    const [source, destination] = await Promise.all(
      [parties.payer.address, parties.payTo].map((owner) => chain.tokenAccount(owner, devnetUsdc)),
    )
    const { payer, payTo } = parties
    const tokens = (owner: string, amount: string) =>
      expect.objectContaining({ owner, mint: devnetUsdc, uiTokenAmount: expect.objectContaining({ amount }) })
    const info = { source, destination, mint: devnetUsdc, authority: payer.address, tokenAmount: { amount: '1000' } }
    expect(await read({ encoding: 'jsonParsed' })).toMatchObject({
      result: {
        version: 0,
        transaction: {
          signatures: [signature, expect.any(String)],
          message: {
            instructions: [{}, {}, { program: 'spl-token', parsed: { info } }, { parsed: 'order 42' }],
          },
        },
        meta: {
          err: null,
          preTokenBalances: expect.arrayContaining([tokens(payer.address, '1000000'), tokens(payTo, '0')]),
          postTokenBalances: expect.arrayContaining([tokens(payer.address, '999000'), tokens(payTo, '1000')]),
        },
      },
    })
    expect(await read({ encoding: 'base64' })).toMatchObject({
      result: { transaction: [cosign(transaction, parties.feePayer), 'base64'] },
    })
    expect(await read({ maxSupportedTransactionVersion: undefined })).toMatchObject({ error: { code: -32015 } })
  })

  test('is looked for only when asked once 300 blocks have passed, and not there once pruned', async () => {
    const signature = await send(await sign())
    chain.tick(300)
    const everywhere = { searchTransactionHistory: true }
    expect(await statusOf(signature)).toBe(null)
    expect(await statusOf(signature, everywhere)).toMatchObject({ err: null, confirmationStatus: 'finalized' })
    chain.pruneHistory()
    expect(await statusOf(signature, everywhere)).toBe(null)
    expect(await list(parties.payer.address)).toEqual([])
    expect(await ask(chain, 'getTransaction', [signature])).toMatchObject({ result: null })
  })
})

describe('the faults of the local chain', () => {
  test('are of one tag or of all, until they end', async () => {
    const truth = chain.blockAt('finalized').height
    const heights = async (): Promise<unknown> =>
      Promise.all(['one', 'two'].map(async (tag) => (await ask(chain, 'getBlockHeight', [], tag)).result))
    const endOne = chain.lie('getBlockHeight', (height) => Number(height) + 1000, { tag: 'one' })
    expect(await heights()).toEqual([truth + 1000, truth])
    const endAll = chain.lie('getBlockHeight', () => 7)
    expect(await heights()).toEqual([7, 7])
    endAll()
    endOne()
    expect(await heights()).toEqual([truth, truth])
  })

  test('are another genesis, or an error', async () => {
    expect((await ask(chain, 'getGenesisHash')).result).toBe('EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG')
    const mainnet = '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d'
    chain.lie('getGenesisHash', () => mainnet)
    chain.lie('getSlot', () => {
      throw new RpcError(-32005, 'Node is behind by 42 slots')
    })
    expect((await ask(chain, 'getGenesisHash')).result).toBe(mainnet)
    expect(await ask(chain, 'getSlot')).toMatchObject({ error: { code: -32005 } })
  })

  test('are a node that is down, which does nothing of what it is asked', async () => {
    const transaction = cosign(await sign(), parties.feePayer)
    const params = [transaction, { encoding: 'base64', skipPreflight: true }]
    const comeBack = chain.goDown({ tag: 'one' })
    await expect(ask(chain, 'sendTransaction', params, 'one')).rejects.toThrow('fetch failed')
    expect(chain.landed()).toEqual([])
    expect(await ask(chain, 'getHealth', [], 'two')).toMatchObject({ result: 'ok' })
    comeBack()
    await ask(chain, 'sendTransaction', params, 'one')
    expect(chain.landed()).toHaveLength(1)
  })

  test('are a slow node; and what is asked is counted by tag and method', async () => {
    chain.setLatency('slow', 3_600_000)
    const slow = ask(chain, 'getSlot', [], 'slow').catch(() => 'never')
    expect(await Promise.race([slow, ask(chain, 'getSlot', [], 'fast')])).toHaveProperty('result')
    await ask(chain, 'getHealth', [], 'fast')
    expect(chain.counts()).toMatchObject({ 'slow getSlot': 1, 'fast getSlot': 1, 'fast getHealth': 1 })
    await chain.close()
    expect(await slow).toBe('never')
  })

  test('are no answer to what it does not know', async () => {
    expect(await ask(chain, 'getClusterNodes')).toMatchObject({ error: { code: -32601 } })
    expect(await ask(chain, 'toString')).toMatchObject({ error: { code: -32601 } })
    expect(await ask(chain, 'getAccountInfo', ['x'])).toMatchObject({ error: { code: -32602 } })
  })
})
