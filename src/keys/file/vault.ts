import type { Random } from '../../lib/random.js'
import { wipe } from '../../lib/bytes.js'
import { generateSecret, type HeldKey, holdKey, type Secret } from '../held-key.js'
import { type KeyFile, parseKeyFile, writeKeyFile } from './key-file.js'
import { keyFileError, type KeyFileProblem, problemOf } from './key-file-error.js'
import { createPrivateFile, isThere, readPrivateFile } from './private-file.js'
import type { KeyAddress } from '../signers.js'
import { type Password, readPassword } from './password.js'
import { randomBytes } from '../../lib/random.js'
import { seal, unseal } from './seal.js'

/** What a vault is opened with. */
export type VaultOptions = {
  readonly path: string
  readonly password?: Password | undefined
  readonly create?: boolean | undefined
  readonly idleSeconds?: number | undefined
  readonly clock?: (() => number) | undefined
  readonly random?: Random | undefined
}

/** The keys of a file: in memory from when it is unlocked until it is locked. */
export type Vault = {
  /** What the file says of its keys, without a password. */
  readonly header: () => Promise<readonly KeyAddress[]>
  /** Unlocks it at its first use; not again once it was locked. */
  readonly open: () => Promise<void>
  readonly unlock: (password?: Password) => Promise<void>
  readonly lock: () => void
  /** @throws KeyStoreLockedError while it is locked, or when it was not used for too long. */
  readonly key: (address: string) => HeldKey
}

type State = {
  file?: KeyFile | undefined
  keys: readonly HeldKey[]
  /** Why it is locked; nothing when it is not, or was never opened. */
  locked?: KeyFileProblem | undefined
  opening?: Promise<void> | undefined
  password?: Password | undefined
  /** Unix milliseconds. */
  usedAt: number
  /** How often it was locked: what is being unlocked meanwhile stays locked. */
  locks: number
}

/** Creates the vault of a file, which is not touched yet. */
export function createVault(options: VaultOptions): Vault {
  const { path, create = false, clock = Date.now } = options
  const state: State = { keys: [], password: options.password, usedAt: 0, locks: 0 }
  const open = async (): Promise<void> => {
    if (state.locked || state.keys.length > 0) return
    state.opening ??= unlock(state, options, state.password).finally(() => {
      state.opening = undefined
    })
    await state.opening
  }
  return {
    open,
    unlock: (password) => unlock(state, options, password ?? state.password),
    lock: () => lock(state, 'locked'),
    header: async () => {
      if (!state.file && create && !isThere(path)) await open()
      state.file ??= parseKeyFile(readPrivateFile(path))
      return state.file.keys
    },
    key: (address) => {
      const idleMs = (options.idleSeconds ?? Infinity) * 1000
      // A clock that was set back must not keep it open.
      if (Math.abs(clock() - state.usedAt) > idleMs && state.keys.length > 0) lock(state, 'idle')
      const key = state.keys.find(({ signer }) => signer.address === address)
      if (!key) throw keyFileError(state.locked ?? 'locked')
      state.usedAt = clock()
      return key
    },
  }
}

function lock(state: State, reason: KeyFileProblem): void {
  forget(state)
  state.locked = reason
  state.locks += 1
}

/** Overwrites the keys, and drops a password that was given as it is: text that is kept is text that a dump shows. */
function forget(state: State): void {
  for (const key of state.keys) key.wipe()
  state.keys = []
  if (typeof state.password !== 'function') state.password = undefined
}

async function unlock(state: State, options: VaultOptions, password: Password | undefined): Promise<void> {
  if (password === undefined) throw keyFileError('none')
  const { locks } = state
  const secret = await readPassword(password)
  try {
    const { file, secrets } = await readOrCreate(options, secret)
    const keys = secrets.map((secret) => holdKey(secret))
    wipe(...secrets.map(({ bytes }) => bytes))
    if (state.locks === locks) forget(state)
    else for (const key of keys) key.wipe()
    if (state.locks !== locks) throw keyFileError('locked')
    Object.assign(state, { file, keys, locked: undefined, usedAt: (options.clock ?? Date.now)() })
  } catch (error) {
    // A file that cannot be read now may be readable later; a wrong password stays wrong.
    if (problemOf(error) === 'password') lock(state, 'password')
    throw error
  } finally {
    wipe(secret)
  }
}

type Opened = { readonly file: KeyFile; readonly secrets: readonly Secret[] }

async function readOrCreate(
  { path, create, random = randomBytes }: VaultOptions,
  password: Uint8Array,
): Promise<Opened> {
  const created = create && !isThere(path) ? await provision(path, password, random) : undefined
  if (created) return created
  const file = parseKeyFile(readPrivateFile(path))
  return { file, secrets: await unseal(file, password) }
}

/** Draws keys and writes them: none is used, and no address told, before it is on the disk. */
async function provision(path: string, password: Uint8Array, random: Random): Promise<Opened | undefined> {
  const secrets = [generateSecret('eip155', random), generateSecret('solana', random)]
  const file = await seal(secrets, password, random)
  try {
    createPrivateFile(path, writeKeyFile(file))
    return { file, secrets }
  } catch (error) {
    wipe(...secrets.map(({ bytes }) => bytes))
    // Another process was first: its keys are the wallet's.
    if (problemOf(error) === 'exists') return undefined
    throw error
  }
}
