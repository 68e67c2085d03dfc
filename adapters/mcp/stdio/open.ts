import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  type AgentWallet,
  ConfigurationError,
  createAgentWallet,
  type KeyStore,
  type Ledger,
  policyFromJSON,
  type RulesEngine,
  type Session,
} from 'stipend'
import { encryptedFile, privateKey } from 'stipend/keys'
import { blockPrivateNetworks } from 'stipend/node'
import { isPublicSuffix } from 'stipend/public-suffixes'
import { type SqliteDatabase, sqliteLedger } from 'stipend/sqlite'
import type { McpServerOptions } from '../server.js'
import type { Settings } from './environment.js'

/** Who pays, and how the server is made. */
export type Opened = {
  readonly owner: AgentWallet | Session
  readonly options: McpServerOptions
  /** What whoever started it should know, a sentence each. */
  readonly notes: readonly string[]
}

/**
 * Opens the wallet, or the session of it, that the settings name. The key is proven and the ledger opened, so that what
 * is wrong with them is known before a host asks for anything.
 *
 * @throws StipendError when a setting is not usable.
 */
export async function open(settings: Settings): Promise<Opened> {
  const { STIPEND_LEDGER, STIPEND_SESSION, STIPEND_AUDIENCE: audience, STIPEND_APPROVALS, STIPEND_HOSTS } = settings
  const { STIPEND_FACILITATOR: facilitator } = settings
  checkPaths(settings)
  const isNew = settings.STIPEND_KEY_FILE !== undefined && !existsSync(settings.STIPEND_KEY_FILE)
  const policy = readPolicy(settings)
  const keyStore = await openKeys(settings)
  // Any public name can resolve to this network, and where the owner names no hosts the model chooses the names.
  const fetch = STIPEND_HOSTS === undefined ? blockPrivateNetworks() : undefined
  const wallet = createAgentWallet({ keyStore, policy, ledger: await openLedger(STIPEND_LEDGER), fetch })
  const owner = STIPEND_SESSION === undefined ? wallet : await wallet.openSession(STIPEND_SESSION, { audience })
  const options = {
    policy,
    hosts: STIPEND_HOSTS === undefined ? undefined : split(STIPEND_HOSTS),
    approvals: STIPEND_APPROVALS === 'host' ? wallet.approvals : undefined,
    findServices: facilitator === undefined ? undefined : { facilitator },
  }
  return {
    owner,
    options,
    notes: [...(isNew ? ['made a new key, in STIPEND_KEY_FILE'] : []), await sayAddress(wallet)],
  }
}

/** Says in words where a path leads nowhere; the paths themselves are not repeated, for a key may stand in their place. */
function checkPaths({ STIPEND_KEY_FILE, STIPEND_LEDGER, STIPEND_POLICY, STIPEND_CREATE_KEY }: Settings): void {
  const find = (path: string) => statSync(path, { throwIfNoEntry: false })
  if (STIPEND_KEY_FILE !== undefined && STIPEND_CREATE_KEY === undefined && !find(STIPEND_KEY_FILE))
    throw new ConfigurationError('STIPEND_KEY_FILE names no file; STIPEND_CREATE_KEY=yes makes it at the first start')
  if (STIPEND_POLICY !== undefined && !find(STIPEND_POLICY))
    throw new ConfigurationError('STIPEND_POLICY cannot be read: there is no such file')
  if (!find(dirname(STIPEND_LEDGER))?.isDirectory())
    throw new ConfigurationError('STIPEND_LEDGER lies in a folder that does not exist: make it first')
  if (find(STIPEND_LEDGER)?.isDirectory())
    throw new ConfigurationError('STIPEND_LEDGER is a folder: name the file in it')
}

/** Older Nodes have no SQLite of their own; the file is made first, since the one that is installed would let others read it. */
async function openLedger(path: string): Promise<Ledger> {
  if (process.getBuiltinModule?.('node:sqlite') !== undefined) return sqliteLedger(path)
  closeSync(openSync(path, 'a', 0o600))
  const { default: Database } = await importSqlite()
  const database = new Database(path, { timeout: 10_000 })
  database.pragma('journal_mode = WAL')
  return sqliteLedger(database)
}

/** The part of better-sqlite3 that is used. */
type BetterSqlite = {
  readonly default: new (
    path: string,
    options: { readonly timeout: number },
  ) => SqliteDatabase & { readonly pragma: (text: string) => unknown }
}

async function importSqlite(): Promise<BetterSqlite> {
  try {
    const found: unknown = await import('better-sqlite3')
    return found as BetterSqlite
  } catch (cause) {
    throw new ConfigurationError('better-sqlite3 is not installed for this Node, which has no SQLite of its own', {
      cause,
    })
  }
}

async function sayAddress({ addresses }: AgentWallet): Promise<string> {
  const known = [...new Set((await addresses()).map(({ address }) => address))]
  return `pays from ${known.join(' and ')}; send USDC there to fund it`
}

async function openKeys(settings: Settings): Promise<KeyStore> {
  const { STIPEND_KEY, STIPEND_KEY_FILE, STIPEND_PASSWORD = '', STIPEND_CREATE_KEY } = settings
  if (STIPEND_KEY_FILE === undefined) return privateKey(STIPEND_KEY)
  const keys = encryptedFile({ path: STIPEND_KEY_FILE, create: STIPEND_CREATE_KEY === 'yes' })
  await keys.unlock(STIPEND_PASSWORD)
  return keys
}

/** The rules of the file and those of the variables: all of them have to agree. */
function readPolicy(settings: Settings): RulesEngine {
  const { STIPEND_POLICY: file, STIPEND_HOSTS: hosts } = settings
  const limits = Object.entries({
    instantMaxUsd: settings.STIPEND_INSTANT_USD,
    perPaymentUsd: settings.STIPEND_PER_PAYMENT_USD,
    dailyLimitUsd: settings.STIPEND_DAILY_USD,
  }).filter(([, amount]) => amount !== undefined)
  const rules = [
    ...(file === undefined ? [] : policyFromJSON(readText(file)).toJSON()),
    ...(hosts === undefined ? [] : [{ type: 'allowHosts', hosts: split(hosts) }]),
    ...(limits.length === 0 ? [] : [{ type: 'spendingLimit', ...Object.fromEntries(limits) }]),
  ]
  return policyFromJSON(rules, { isPublicSuffix })
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ConfigurationError('STIPEND_POLICY cannot be read', { cause })
  }
}

function split(list: string): readonly string[] {
  return list.split(',').map((one) => one.trim())
}
