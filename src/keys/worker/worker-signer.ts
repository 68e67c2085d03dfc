import { type OptionNames, requireOptions } from '../../lib/known-options.js'
import type { TempoCharge } from '../../evm/tempo/charge-transaction.js'
import type { EvmTransaction } from '../../evm/transaction.js'
import type { TypedData } from '../../evm/typed-data.js'
import type { SignInClaim } from '../../ports/sign-in.js'
import type { Hex, Network } from '../../types.js'
import { wipe } from '../../lib/bytes.js'
import type { EncryptedFileKeyStore, EncryptedFileOptions } from '../file/encrypted-file.js'
import { keyFileError, problemOf } from '../file/key-file-error.js'
import type { KeyAddress, KnownSigner } from '../signers.js'
import { type Password, readPassword } from '../file/password.js'
import { type Client, createClient } from './client.js'
import type { Isolation } from './link.js'

/** Options of `workerSigner`: those of `encryptedFile` that can cross to a worker. */
export type WorkerSignerOptions = Omit<EncryptedFileOptions, 'clock' | 'random'> & {
  /**
   * Where the keys are decrypted and used: a thread has a heap of its own, a process also memory of its own.
   *
   * @default 'thread'
   */
  readonly isolation?: Isolation | undefined
}

const optionNames: OptionNames<WorkerSignerOptions> = {
  path: true,
  password: true,
  create: true,
  use: true,
  idleSeconds: true,
  isolation: true,
}

/** The store of the keys of an encrypted file, used out of the agent's reach. */
export type WorkerKeyStore = Omit<EncryptedFileKeyStore, 'lock'> & {
  /** Overwrites the keys in the worker; answers when that is done. */
  readonly lock: () => Promise<void>
  /** Ends the worker. What it has not answered yet is not signed. */
  readonly close: () => void
}

/**
 * Creates a key store over an encrypted file whose keys are never in the agent's own heap: a worker decrypts them, and
 * signs payments only (EIP-3009 transfers and cancellations, x402's transfers by Permit2, one transfer of Tempo, Solana's four
 * instructions), and messages of sign-in that it writes itself, whatever it is asked. Of transactions it signs none but
 * approvals of Permit2 for so much, so that `wallet.transfer` needs another store.
 *
 * @throws ConfigurationError at its first use, when the file cannot be used, or when data is no payment.
 *
 * @example
 * ```ts
 * import { workerSigner } from 'stipend/keys'
 *
 * const keyStore = workerSigner({
 *   path: '/var/lib/agent/keys.json',
 *   password: async () => process.env.AGENT_PASSWORD ?? '',
 *   isolation: 'process',
 * })
 * for (const { address } of await keyStore.addresses()) console.log(address)
 * keyStore.close()
 * ```
 */
export function workerSigner(options: WorkerSignerOptions): WorkerKeyStore {
  requireOptions('workerSigner', options, optionNames)
  const { path, create = false, use, idleSeconds, isolation = 'thread' } = options
  const client = createClient(isolation, { type: 'open', path, create, use, idleSeconds })
  const lock = createLock(options.password, client)
  return Object.freeze({
    addresses: async () => {
      if (create) await lock.open()
      return (await client.ask({ type: 'addresses' })) as readonly KeyAddress[]
    },
    getSigner: async (network: Network) => {
      await lock.open()
      const address = await client.ask({ type: 'find', network })
      return typeof address === 'string' ? signerOf(network, address, client) : undefined
    },
    deriveSecret: async (purpose: string) => {
      await lock.open()
      return Uint8Array.from((await client.ask({ type: 'derive', purpose })) as Uint8Array)
    },
    lock: lock.lock,
    unlock: lock.unlock,
    close: client.close,
  })
}

/**
 * A signature that the worker did not hand over is nowhere: what it made is gone with it. So every throw but a
 * time-out, which the pipeline adds, proves that nothing signed is in the world.
 */
function signerOf(network: Network, address: string, { ask }: Client): KnownSigner {
  if (network.startsWith('eip155:')) {
    const signTypedData = async (data: TypedData) => (await ask({ type: 'signTypedData', network, data })) as Hex
    const signIn = async (claim: SignInClaim) => (await ask({ type: 'signIn', network, claim })) as Hex
    const signTransaction = async (transaction: EvmTransaction) =>
      (await ask({ type: 'signApproval', network, transaction })) as Hex
    const signCharge = async (charge: TempoCharge) => (await ask({ type: 'signCharge', network, charge })) as Hex
    const own = { namespace: 'eip155', address: address as Hex, throwsUnsigned: true } as const
    return Object.freeze({ ...own, signTypedData, signIn, signTransaction, signCharge })
  }
  const signMessage = async (message: Uint8Array) =>
    Uint8Array.from((await ask({ type: 'signMessage', network, message })) as Uint8Array)
  return Object.freeze({ namespace: 'solana', address, throwsUnsigned: true, signMessage })
}

type Lock = Pick<WorkerKeyStore, 'lock' | 'unlock'> & { readonly open: () => Promise<void> }

/** Sends the password at the first use, and only when asked to after that. */
function createLock(configured: Password | undefined, { ask }: Client): Lock {
  let password = configured
  let isUsed = false
  let opening: Promise<void> | undefined
  const use = (): void => {
    isUsed = true
    if (typeof password !== 'function') password = undefined
  }
  const unlock = async (given: Password | undefined = password): Promise<void> => {
    if (given === undefined) throw keyFileError('none')
    const bytes = await readPassword(given)
    // Overwritten only when it has been answered: it may wait here until the worker has started.
    try {
      await ask({ type: 'unlock', password: bytes })
      use()
    } catch (error) {
      // A file that cannot be read now may be readable later; a wrong password stays wrong.
      if (problemOf(error) === 'password') use()
      throw error
    } finally {
      wipe(bytes)
    }
  }
  return {
    unlock,
    lock: async () => {
      use()
      await ask({ type: 'lock' })
    },
    open: async () => {
      if (isUsed || password === undefined) return
      opening ??= unlock().finally(() => {
        opening = undefined
      })
      await opening
    },
  }
}
