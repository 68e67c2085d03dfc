import { describe, expect, test } from 'vitest'
import { memoryLedger } from '../../src/index.js'
import { paidResource } from '../../src/testing/index.js'
import { openService } from '../support/service.ts'

const url = 'https://shop.example.com/report'

describe('a refusal over HTTP', () => {
  test('of a token that nobody knows says which offer and why, and nothing else of what the server wrote', async () => {
    const asset = '0x1111111111111111111111111111111111111111'
    const clock = (): number => Date.UTC(2026, 0, 1)
    const shop = paidResource({
      clock,
      accepts: (offer) => [{ ...Object(offer), asset, extra: { note: 'hush' } }],
    })
    const fetch: typeof globalThis.fetch = (input, init) => shop(new Request(input, init))
    const { ask, token } = openService({ wallet: { fetch } })
    const answer = await ask('POST /v1/x402/fetch', { token: await token(), body: { url } })
    expect(answer.status).toBe(422)
    expect(answer.json).toMatchObject({ code: 'no_payable_offer', moved: 'no' })
    expect(answer.json.setAside).toEqual([
      {
        index: 0,
        reason: expect.stringContaining(`${asset} on eip155:84532 is not in the table of known assets: list one that`),
        untrustedScheme: 'exact',
        untrustedNetwork: 'eip155:84532',
        untrustedAsset: asset,
      },
    ])
    expect(answer.text).not.toContain('hush')
  })

  test('is answered also where a ledger said what JSON cannot hold', async () => {
    const reserve = async () => ({ ok: false, reason: 'frozen', freeze: { reason: 5n, at: 5 } }) as never
    const { ask, token } = openService({ wallet: { ledger: { ...memoryLedger(), reserve } } })
    const answer = await ask('POST /v1/x402/fetch', { token: await token(), body: { url } })
    expect(answer.json).toMatchObject({ status: 500, code: 'internal_error' })
  })
})
