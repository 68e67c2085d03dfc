import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { allowAnyHost, spendingLimit } from '../../src/index.js'
import { openShop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

async function book(): Promise<string> {
  const { open, scene } = openShop()
  const wallet = open({ policy: [allowAnyHost(), spendingLimit({ perPaymentUsd: 5, dailyLimitUsd: 100 })] })
  await wallet.fetch('https://shop.example.com/report', { payment: { labels: { task: 'a "b" \\c\nd' } } })
  scene.now += 86_400_000
  scene.price = 1_234_567n
  await wallet.fetch('https://9.data.example:8443/tides')
  const { id } = (await wallet.payments.list())[0] ?? { id: 'pay_' as const }
  scene.now += 86_400_000 * 40
  await wallet.resolve(id, { as: 'not-paid', reason: 'it was a test' }).catch(() => {})
  scene.price = 1n
  await wallet.fetch('https://9.data.example:8443/tides')
  return wallet.payments.export('beancount')
}

describe('payments as Beancount', () => {
  test('balance to the digit, open each account once, and say what is not spent', async () => {
    const text = await book()
    const entries = text.split('\n\n').filter((part) => /^\d{4}-\d\d-\d\d [*!]/.test(part))
    expect(entries).toHaveLength(2)
    for (const entry of entries) {
      const [, expense] = /^ {2}Expenses:\S+ {2}(\S+) USD$/m.exec(entry) ?? []
      const [, units, total] = /^ {2}Assets:\S+ {2}-(\S+) USDC @@ (\S+) USD$/m.exec(entry) ?? []
      expect(expense).toBe(total)
      expect(units).toBe(total)
    }
    const used = [...text.matchAll(/^ {2}((?:Assets|Expenses):\S+) /gm)].map(([, account = '']) => account)
    const opened = [...text.matchAll(/^\d{4}-\d\d-\d\d open (\S+) \w+$/gm)].map(([, account = '']) => account)
    expect(opened.toSorted()).toEqual([...new Set(used)].toSorted())
    expect(opened).toContain('Expenses:Agent:9-data-example-8443')
    expect(text).toContain('  labels: "{\\"task\\":\\"a \\\\\\"b\\\\\\"')
    expect(text).toMatch(/^; \d{4}-\d\d-\d\d pay_\w+ of 1\.234567 USD is released, and not spent$/m)
  })

  test('pass bean-check', async ({ skip }) => {
    const folder = mkdtempSync(join(tmpdir(), 'stipend-beancount-'))
    const file = join(folder, 'agent.beancount')
    writeFileSync(file, await book())
    const { error, status, stderr } = spawnSync('bean-check', [file], { encoding: 'utf8' })
    rmSync(folder, { recursive: true })
    skip(error !== undefined, 'bean-check is not installed')
    expect([status, stderr]).toEqual([0, ''])
  })

  test('are empty without payments, and of no other form than those that are known', async () => {
    const wallet = openShop().open()
    expect(await wallet.payments.export('beancount')).toBe('')
    expect(await rejection(wallet.payments.export('ledger' as never))).toMatchObject({ code: 'configuration_invalid' })
  })
})
