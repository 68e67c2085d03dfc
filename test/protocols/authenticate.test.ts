import { describe, expect, test } from 'vitest'
import { mpp } from 'stipend/mpp'
import { readChallenges } from '../../src/protocols/authenticate.js'
import { problemOf } from '../support/challenges.ts'

const read = (header: string) => readChallenges(header, ['payment']).map(({ parameters }) => ({ ...parameters }))

describe('WWW-Authenticate', () => {
  test('is read as the challenges of Payment among others', () => {
    const header =
      'Basic realm="a, Payment id=\\"x\\"", Payment id="1", Realm="r\\"s", method=evm , Negotiate abc==, PAYMENT id="2",request="e30"'
    expect(read(header)).toEqual([
      { id: '1', realm: 'r"s', method: 'evm' },
      { id: '2', request: 'e30' },
    ])
    expect(read('Bearer')).toEqual([])
    expect(read('Payment id="1"')).toEqual([{ id: '1' }])
  })

  test.each([
    ['a parameter twice', 'Payment id="1", ID="2"'],
    ['a text without an end', 'Payment id="1, realm="r'],
    ['words after a text', 'Payment id="1"x'],
    ['nothing that is a challenge', 'Payment id="1", "2"'],
    ['too many challenges', Array.from({ length: 17 }, () => 'Payment id="1"').join(', ')],
    ['too much', `Payment id="${'1'.repeat(16_385)}"`],
  ])('with %s is refused', (_, header) => {
    expect(problemOf(() => readChallenges(header, ['payment']))).toContain('WWW-Authenticate')
    expect(problemOf(() => mpp().parse({ headers: new Headers({ 'WWW-Authenticate': header }), body: '' }))).toContain(
      'WWW-Authenticate',
    )
  })

  test('is read also where the comma after a text is left out, and another parameter follows', () => {
    const header = 'L402 version="0" token="a==", invoice="b", LSAT macaroon="c" invoice="d"'
    const challenges = readChallenges(header, ['l402', 'lsat'])
    expect(challenges.map(({ scheme, parameters }) => ({ scheme, ...parameters }))).toEqual([
      { scheme: 'l402', version: '0', token: 'a==', invoice: 'b' },
      { scheme: 'lsat', macaroon: 'c', invoice: 'd' },
    ])
    expect(problemOf(() => readChallenges('L402 token="a" b', ['l402']))).toContain('WWW-Authenticate')
  })

  test('may have sixteen challenges', () => {
    expect(read(`Payment id="${'1'.repeat(16_384 - 'Payment id=""'.length)}"`)).toHaveLength(1)
    expect(read(Array.from({ length: 16 }, () => 'Payment id="1"').join(', '))).toHaveLength(16)
  })

  test('of other schemes alone is none of MPP, however it is written', () => {
    for (const header of ['Basic realm="r"', 'L402 token="a", invoice="b"', 'Basic realm="r'])
      expect(mpp().parse({ headers: new Headers({ 'WWW-Authenticate': header }), body: '' })).toBeUndefined()
  })

  test('gives the nonce that MPP says', () => {
    const request =
      'eyJhbW91bnQiOiIxMDAwIiwiY3VycmVuY3kiOiIweDAzNkNiRDUzODQyYzU0MjY2MzRlNzkyOTU0MWVDMjMxOGYzZENGN2UiLCJtZXRob2REZXRhaWxzIjp7ImNoYWluSWQiOjg0NTMyLCJjcmVkZW50aWFsVHlwZXMiOlsiYXV0aG9yaXphdGlvbiJdLCJkZWNpbWFscyI6Nn0sInJlY2lwaWVudCI6IjB4NzQyZDM1Q2M2NjM0QzA1MzI5MjVhM2I4NDRCYzllNzU5NWY4ZkUwMCJ9'
    const id = 'GOJon7IROUm8dN9eqz6AuKjI0RIm2I8zdXdwkqRsSQk'
    const header = `Payment id="${id}", realm="api.example.com", method="evm", intent="charge", request="${request}", expires="2030-01-15T12:05:00Z"`
    const clock = () => Date.UTC(2030, 0, 15, 12)
    const required = mpp({ clock }).parse({ headers: new Headers({ 'WWW-Authenticate': header }), body: '' })
    expect(required?.claims).toMatchObject([
      {
        amount: 1000n,
        network: 'eip155:84532',
        maxTimeoutSeconds: 300,
        challenge: { nonce: '0x0d2ee479ab65979ade68393ccd7e8eee5e186b5a01ce475d9af9f5dee18da42d' },
      },
    ])
  })
})
