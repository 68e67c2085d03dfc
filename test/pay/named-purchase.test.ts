import { DatabaseSync } from 'node:sqlite'
import Database from 'better-sqlite3'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { account, privateKey } from '../../src/keys/index.js'
import { type KeyStore, type Ledger, memoryLedger } from '../../src/index.js'
import { sqliteLedger } from '../../adapters/sqlite/index.js'
import { createKeyFolder } from '../support/key-files.ts'
import { setUpMarket, url } from '../support/market.ts'
import { rejection } from '../support/wallets.ts'

const at = createKeyFolder()
const market = setUpMarket()
const elsewhere: KeyStore = account(privateKeyToAccount(`0x${'42'.repeat(32)}`))
const named = { payment: { key: 'report-42' } }

describe('a purchase that is named', () => {
  test.each<[string, () => Ledger]>([
    ['in memory', memoryLedger],
    ['in SQLite without a file', () => sqliteLedger(':memory:')],
    ['in a database of node:sqlite without a file', () => sqliteLedger(new DatabaseSync(':memory:'))],
    ['in a database of better-sqlite3 without a file', () => sqliteLedger(new Database(':memory:'))],
  ])(
    'is refused where neither the key store nor a ledger %s keeps what its nonce is made of',
    async (_what, create) => {
      const resource = market.sell()
      const ledger = create()
      const wallet = market.open({ keyStore: elsewhere, ledger })
      const error = await rejection(wallet.fetch(url, named))
      expect(error).toMatchObject({ code: 'configuration_invalid', moved: 'no' })
      expect(String(error)).toContain('would be paid again')
      expect(await ledger.list()).toEqual([])
      expect((await wallet.fetch(url)).status).toBe(200)
      expect(resource.payments).toHaveLength(1)
    },
  )

  test.each<[string, KeyStore, () => Ledger]>([
    ['the key store can derive it', privateKey('42'.repeat(32)), memoryLedger],
    ['the ledger has a file', elsewhere, () => sqliteLedger(at('ledger.db'))],
    ['the ledger has a file that was opened elsewhere', elsewhere, () => sqliteLedger(new Database(at('own.db')))],
  ])('is paid where %s', async (_what, keyStore, create) => {
    market.sell()
    expect((await market.open({ keyStore, ledger: create() }).fetch(url, named)).status).toBe(200)
  })
})
