import { chmodSync, copyFileSync, existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { allowHosts, createAgentWallet, type Ledger } from 'stipend'
import { sqliteLedger } from 'stipend/sqlite'
import { paidResource, testKeyStore } from 'stipend/testing'
import { noon, sampleId, samplePayment } from '../../src/testing/ledger/sample-payment.ts'
import { temporaryFolder } from '../support/folder.ts'
import { rejection } from '../support/wallets.ts'

const directory = temporaryFolder()
let made = 0
const fresh = (): string => {
  made += 1
  return join(directory, `${made}.db`)
}
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)
const open = (file: string) => sqliteLedger(file, { monotonic: false })

/** Records some payments. */
async function fill(ledger: Ledger, first: number, last: number): Promise<void> {
  for (let number = first; number <= last; number += 1) {
    expect(await ledger.reserve(samplePayment(number, { createdAt: noon + number }), [])).toEqual({ ok: true })
  }
}

/** A ledger of five payments, of which a copy has three. */
async function withCopy(): Promise<{ file: string; copy: string }> {
  const file = fresh()
  const ledger = open(file)
  await fill(ledger, 1, 3)
  const copy = `${file}.copy`
  new DatabaseSync(file).exec(`VACUUM INTO '${copy}'`)
  await fill(ledger, 4, 5)
  return { file, copy }
}

function putBack(file: string, copy: string | undefined): void {
  for (const end of ['-wal', '-shm']) rmSync(`${file}${end}`, { force: true })
  rmSync(file)
  if (copy !== undefined) copyFileSync(copy, file)
}

describe('the file of a SQLite ledger', () => {
  test('is made in a folder that is there, and the error names one that is not', () => {
    const folder = join(directory, 'none')
    expect(() => open(join(folder, 'agent.db'))).toThrow(`Failed to open the ledger: there is no folder ${folder}`)
  })

  test.each([
    ['nothing', undefined],
    ['options', { path: 'agent.db' }],
  ])('is named by a path, not by %s', (_, file) => {
    expect(() => sqliteLedger(file as unknown as string)).toThrow(
      'Failed to open the ledger: expected the path of a file, or an open database',
    )
  })

  test('that others could read is closed to them, and the audit says so', async () => {
    const file = fresh()
    const first = open(file)
    await fill(first, 1, 1)
    for (const end of ['', '-wal', '-shm']) chmodSync(`${file}${end}`, 0o644)
    const ledger = open(file)
    for (const end of ['', '-wal', '-shm']) expect([end, modeOf(`${file}${end}`)]).toEqual([end, '600'])
    expect(await ledger.audit?.()).toMatchObject([{ number: 1, event: { type: 'file-tightened', mode: '0644' } }])
    await ledger.verify()
    expect(await open(file).audit?.()).toHaveLength(1)
  })

  test('that was emptied is not taken for a new one where none is to be made', () => {
    const file = fresh()
    writeFileSync(file, '')
    expect(() => sqliteLedger(file, { create: false })).toThrow(/is empty/)
    expect(statSync(file).size).toBe(0)
  })
})

describe('a SQLite ledger that is behind its anchor', () => {
  test.each([
    ['is gone', async (file: string) => putBack(file, undefined), /ends before entry 5/],
    [
      'was emptied',
      async (file: string) => {
        putBack(file, undefined)
        writeFileSync(file, '')
      },
      /ends before entry 5/,
    ],
    ['is an older copy', async (file: string, copy: string) => putBack(file, copy), /ends before entry 5/],
    [
      'is another one',
      async (file: string) => {
        const other = fresh()
        const ledger = sqliteLedger(other, { monotonic: false, anchor: false })
        await fill(ledger, 11, 19)
        ledger.close()
        putBack(file, other)
      },
      /entry 5 of its journal is not the one/,
    ],
    [
      'has an anchor that cannot be read',
      async (file: string) => writeFileSync(`${file}.anchor`, 'x'),
      /cannot be read/,
    ],
  ])('since it %s pays nothing until its owner says so', async (_what, lose, reason) => {
    const { file, copy } = await withCopy()
    await lose(file, copy)
    const keyStore = testKeyStore()
    const shop = paidResource({})
    const wallet = createAgentWallet({
      keyStore,
      ledger: open(file),
      fetch: (input, init) => shop(new Request(input, init)),
      policy: [allowHosts(['shop.example.com'])],
    })
    const url = 'https://shop.example.com/'
    expect(await rejection(wallet.fetch(url))).toMatchObject({
      code: 'wallet_frozen',
      freeze: { reason: expect.stringMatching(reason) },
    })
    expect(await open(file).frozen()).toMatchObject({ reason: expect.stringMatching(reason) })
    expect(keyStore.signed).toHaveLength(0)
    await wallet.unfreeze()
    expect((await wallet.fetch(url)).status).toBe(200)
    const ledger = open(file)
    const events = (await ledger.audit?.())?.map(({ event }) => event.type)
    expect(events?.slice(-2)).toEqual(['frozen', 'unfrozen'])
    expect(await ledger.frozen()).toBeUndefined()
    await ledger.verify()
  })

  test('is told apart by what its owner keeps elsewhere', async () => {
    const file = fresh()
    const kept = { text: undefined as string | undefined }
    const anchor = {
      read: () => kept.text,
      write: (text: string) => {
        kept.text = text
      },
    }
    const ledger = sqliteLedger(file, { anchor, monotonic: false })
    await fill(ledger, 1, 2)
    expect(kept.text).toMatch(/^2 [0-9a-f]{64}$/)
    expect(existsSync(`${file}.anchor`)).toBe(false)
    ledger.close()
    rmSync(file)
    expect(await sqliteLedger(file, { anchor }).frozen()).toMatchObject({ reason: expect.stringMatching(/entry 2/) })
  })

  test('is none while it is the one that wrote it, also of several processes', async () => {
    const file = fresh()
    const [one, other] = [open(file), open(file)]
    await fill(one, 1, 3)
    await fill(other, 4, 6)
    await one.update(sampleId(1), { status: 'claimed' })
    expect(await open(file).frozen()).toBeUndefined()
    one.close()
    other.close()
    expect(await open(file).frozen()).toBeUndefined()
  })

  test('records on where the anchor cannot be written', async () => {
    const anchor = {
      read: () => undefined,
      write: () => {
        throw new Error('the disk is full')
      },
    }
    const ledger = sqliteLedger(fresh(), { anchor, monotonic: false })
    await fill(ledger, 1, 3)
    expect(await ledger.list()).toHaveLength(3)
  })
})
