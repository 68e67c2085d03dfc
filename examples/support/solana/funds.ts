import { randomBytes } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519'
import { base58 } from '@scure/base'
import {
  AccountRole,
  type Address,
  appendTransactionMessageInstructions,
  type Blockhash,
  createKeyPairSignerFromBytes,
  createTransactionMessage,
  getAddressEncoder,
  getProgramDerivedAddress,
  type Instruction,
  type KeyPairSigner,
  lamports,
  pipe,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signTransactionMessageWithSigners,
} from '@solana/kit'
import { FailedTransactionMetadata, type LiteSVM } from 'litesvm'
import { describeError } from './errors.ts'
import { type Extension, readMint, readTokenAccount, type TokenProgram, tokenPrograms, writeMint } from './token.ts'

/** An address and its key: the 64 bytes of seed and public key, as wallets export them, and in base58. */
export type SolanaKeyPair = {
  readonly address: Address
  readonly bytes: Uint8Array
  readonly privateKey: string
}

/** What a mint is made of. */
export type MintOptions = {
  /** @default 6 */
  readonly decimals?: number | undefined
  /** @default 'spl-token', or 'spl-token-2022' if there are extensions */
  readonly program?: TokenProgram | undefined
  readonly extensions?: readonly Extension[] | undefined
}

/** What an account is made of. */
export type AccountOptions = {
  /** The program that it belongs to. */
  readonly owner: string
  /** @default nothing */
  readonly data?: Uint8Array | undefined
}

/**
 * Gives out money. What is given is there at once and at every commitment, as if it had been there long before; no
 * history tells of it.
 */
export type Funds = {
  /** Writes a mint at an address, whoever's it is on other chains. */
  readonly putMint: (mint: string, options?: MintOptions) => void
  /** Writes an account of a program's. */
  readonly putAccount: (address: string, account: AccountOptions) => void
  /** Finds the address where an owner has a token, made or not. */
  readonly tokenAccount: (owner: string, mint: string) => Promise<Address>
  /** Makes the account where an owner has a token; it may exist. */
  readonly createAta: (owner: string, mint: string) => Promise<Address>
  /** Mints to an owner, whose account is made if it must be. */
  readonly mintTo: (owner: string, mint: string, amount: bigint) => Promise<Address>
  /** Says what an owner has of a token in the newest block; nothing without an account. */
  readonly tokenBalance: (owner: string, mint: string) => Promise<bigint>
  readonly lamportsOf: (address: string) => bigint
  readonly airdrop: (address: string, amount: bigint) => void
}

/** Where an owner has a token. */
type Holding = { readonly owner: Address; readonly mint: Address; readonly program: Address; readonly account: Address }

const ataProgram = 'ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL' as Address
const systemProgram = '11111111111111111111111111111111' as Address
const sol = 1_000_000_000n

/** Makes a key pair that nobody has used. */
export function createSolanaKeyPair(): SolanaKeyPair {
  const seed = ed25519.utils.randomPrivateKey()
  const publicKey = ed25519.getPublicKey(seed)
  const bytes = new Uint8Array([...seed, ...publicKey])
  return { address: base58.encode(publicKey) as Address, bytes, privateKey: base58.encode(bytes) }
}

/** Creates the mint authority of a chain, which pays for its own transactions. */
export async function createFunds(svm: LiteSVM): Promise<Funds> {
  const authority = await createKeyPairSignerFromBytes(createSolanaKeyPair().bytes)
  svm.airdrop(authority.address, lamports(1_000n * sol))
  const read = (address: string) => {
    const account = svm.getAccount(address as Address)
    return account.exists ? account : undefined
  }
  const find = async (owner: string, mint: string): Promise<Holding> => {
    const program = readMint(read(mint))?.program
    if (!program) throw new Error(`Failed to find the mint ${mint}: put it on the chain first`)
    return derive(owner as Address, mint as Address, tokenPrograms[program])
  }
  const give = async (owner: string, mint: string, amount: bigint): Promise<Address> => {
    const holding = await find(owner, mint)
    await send(svm, authority, [createAta(authority.address, holding), mintTo(authority.address, holding, amount)])
    return holding.account
  }
  const put: Funds['putAccount'] = (address, { owner, data = new Uint8Array(0) }) => {
    const space = BigInt(data.length)
    const rent = lamports(svm.minimumBalanceForRentExemption(space))
    const [programAddress, at] = [owner as Address, address as Address]
    svm.setAccount({ address: at, data, space, executable: false, lamports: rent, programAddress })
  }
  return {
    putMint(mint, { decimals = 6, extensions = [], program = defaultProgram(extensions) } = {}) {
      put(mint, { owner: tokenPrograms[program], data: writeMint(decimals, authority.address, extensions) })
    },
    putAccount: put,
    tokenAccount: async (owner, mint) => (await find(owner, mint)).account,
    createAta: (owner, mint) => give(owner, mint, 0n),
    mintTo: give,
    tokenBalance: async (owner, mint) => readTokenAccount(read((await find(owner, mint)).account))?.amount ?? 0n,
    lamportsOf: (address) => svm.getBalance(address as Address) ?? 0n,
    airdrop: (address, amount) => void svm.airdrop(address as Address, lamports(amount)),
  }
}

function defaultProgram(extensions: readonly Extension[]): TokenProgram {
  return extensions.length > 0 ? 'spl-token-2022' : 'spl-token'
}

async function derive(owner: Address, mint: Address, program: Address): Promise<Holding> {
  const seeds = [owner, program, mint].map((address) => getAddressEncoder().encode(address))
  const [account] = await getProgramDerivedAddress({ programAddress: ataProgram, seeds })
  return { owner, mint, program, account }
}

/** Makes the account; does nothing if it exists. */
function createAta(payer: Address, { owner, mint, program, account }: Holding): Instruction {
  const others = [owner, mint, systemProgram, program]
  return {
    programAddress: ataProgram,
    accounts: [
      { address: payer, role: AccountRole.WRITABLE_SIGNER },
      { address: account, role: AccountRole.WRITABLE },
      ...others.map((address) => ({ address, role: AccountRole.READONLY })),
    ],
    data: new Uint8Array([1]),
  }
}

function mintTo(authority: Address, { mint, program, account }: Holding, amount: bigint): Instruction {
  const data = new Uint8Array(9)
  data[0] = 7
  new DataView(data.buffer).setBigUint64(1, amount, true)
  return {
    programAddress: program,
    accounts: [
      { address: mint, role: AccountRole.WRITABLE },
      { address: account, role: AccountRole.WRITABLE },
      { address: authority, role: AccountRole.READONLY_SIGNER },
    ],
    data,
  }
}

async function send(svm: LiteSVM, payer: KeyPairSigner, instructions: readonly Instruction[]): Promise<void> {
  // The engine does not look at the blockhash: a random one makes equal transactions different ones.
  const blockhash = base58.encode(randomBytes(32)) as Blockhash
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    (empty) => setTransactionMessageFeePayerSigner(payer, empty),
    (paid) => setTransactionMessageLifetimeUsingBlockhash({ blockhash, lastValidBlockHeight: 0n }, paid),
    (alive) => appendTransactionMessageInstructions(instructions, alive),
  )
  const result = svm.sendTransaction(await signTransactionMessageWithSigners(message))
  if (!(result instanceof FailedTransactionMetadata)) return
  const reason = JSON.stringify(describeError(result.err()))
  throw new Error(`Failed to give out money: ${reason}\n${result.meta().prettyLogs()}`)
}
