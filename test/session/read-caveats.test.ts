import { describe, expect, test } from 'vitest'
import { readCaveats } from '../../src/session/read-caveats.js'

const nonce = '0f'.repeat(16)
const hosts = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `h${index}.example.com`)

describe('the caveats of a session', () => {
  test('are read as they were written, and cannot be changed', () => {
    const written = {
      nonce,
      limits: { perPaymentUsd: '0.1', dailyLimitUsd: 5, onExceed: 'approve' },
      maxPayments: 0,
      allowHosts: hosts(64),
      expiresAt: 1,
      name: 'n'.repeat(64),
      labels: { ['k'.repeat(64)]: 'v'.repeat(256) },
      signIn: false,
      audience: 'a',
    }
    const read = readCaveats(JSON.stringify(written))
    expect(read).toEqual(written)
    expect(Object.isFrozen(read.limits) && Object.isFrozen(read.allowHosts) && Object.isFrozen(read.labels)).toBe(true)
  })

  test.each<[field: string, caveats: string]>([
    ['nonce', '{}'],
    ['nonce', '{"nonce":"0F0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"}'],
    ['nonce', '{"nonce":7}'],
    ['it', '[]'],
    ['it', '"all"'],
    ['it', 'null'],
    ...Object.entries<readonly unknown[]>({
      limits: [null, [], 'none'],
      'limits.perPaymentUsd': [{ perPaymentUsd: true }, { perPaymentUsd: null }],
      'limits.delaySeconds': [{ delaySeconds: '60' }],
      'limits.calendar': [{ calendar: 1 }],
      'limits.onExceed': [{ onExceed: 'allow' }],
      'limits.perPaymentUSD': [{ perPaymentUSD: 1 }],
      maxPayments: [-1, 1.5, '1', null],
      allowHosts: [[], hosts(65), ['x'.repeat(261)], [1], 'shop.example.com'],
      actions: ['all', [1], [null], Array.from({ length: 33 }, () => ({}))],
      expiresAt: [0, -1, 1.5, '2026-01-01'],
      labels: [[], { task: 1 }, { ['k'.repeat(65)]: 'v' }, { task: 'v'.repeat(257) }],
      signIn: ['yes', 1, null],
      name: ['', 'n'.repeat(65), 7, null],
      audience: ['', 'a'.repeat(257), 7],
      until: [1],
    }).flatMap(([path, values]) =>
      values.map((value): [string, string] => {
        const field = path.split('.')[0] ?? path
        return [path, JSON.stringify({ nonce, [field]: value })]
      }),
    ),
  ])('are refused for their %s in %s', (field, text) => {
    expect(() => readCaveats(text)).toThrow(
      expect.objectContaining({
        code: 'session_invalid',
        message: expect.stringContaining(`${field} is not known or not usable`),
      }),
    )
  })

  test.each(['"limits":{"perPaymentUsd":1e999}', '"maxPayments":9007199254740993', '"labels":{"__proto__":"x"}'])(
    'are refused where they are no JSON that says one thing: %s',
    (field) => {
      expect(() => readCaveats(`{"nonce":"${nonce}",${field}}`)).toThrow(
        expect.objectContaining({ code: 'session_invalid' }),
      )
    },
  )
})
