import { base58 } from '@scure/base'
import type { Address, EncodedAccount } from '@solana/kit'

/** The two token programs, by the name that the wire has for them. */
export const tokenPrograms = {
  'spl-token': 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA' as Address,
  'spl-token-2022': 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb' as Address,
} as const

/** An amount as the wire writes it. */
export type TokenAmount = {
  readonly amount: string
  readonly decimals: number
  readonly uiAmount: number
  readonly uiAmountString: string
}

/** What a mint says of its token. */
export type Mint = {
  readonly program: TokenProgram
  readonly decimals: number
  readonly supply: bigint
  readonly mintAuthority: string | null
  readonly freezeAuthority: string | null
}

/** What an account holds of a token. */
export type TokenAccount = {
  readonly program: TokenProgram
  readonly mint: Address
  readonly owner: Address
  readonly amount: bigint
  readonly state: 'uninitialized' | 'initialized' | 'frozen'
}

export type TokenProgram = keyof typeof tokenPrograms

/** What Token-2022 adds to a mint: its number there, and its bytes. */
export type Extension = { readonly type: number; readonly data: Uint8Array }

const mintSize = 82
const accountSize = 165
const states = ['uninitialized', 'initialized', 'frozen'] as const

/** Makes the extension that keeps a part of each transfer: in hundredths of a percent, and at most so many units. */
export function transferFee({ basisPoints, max }: { readonly basisPoints: number; readonly max: bigint }): Extension {
  const data = new Uint8Array(108)
  const view = new DataView(data.buffer)
  // Nobody may change or withdraw it; the older and the newer fee are the same, so that the epoch is of no matter.
  for (const at of [72, 90]) {
    view.setBigUint64(at + 8, max, true)
    view.setUint16(at + 16, basisPoints, true)
  }
  return { type: 1, data }
}

/** Writes a mint with nothing minted. */
export function writeMint(
  decimals: number,
  mintAuthority: string,
  extensions: readonly Extension[] = [],
): Uint8Array<ArrayBuffer> {
  const size = extensions.reduce((sum, { data }) => sum + 4 + data.length, accountSize + 1)
  const bytes = new Uint8Array(extensions.length > 0 ? size : mintSize)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 1, true)
  bytes.set(base58.decode(mintAuthority), 4)
  bytes[44] = decimals
  bytes[45] = 1
  if (extensions.length > 0) bytes[accountSize] = 1
  let at = accountSize + 1
  for (const { type, data } of extensions) {
    view.setUint16(at, type, true)
    view.setUint16(at + 2, data.length, true)
    bytes.set(data, at + 4)
    at += 4 + data.length
  }
  return bytes
}

/** Reads a mint; none if the account is something else. */
export function readMint(account: EncodedAccount | undefined): Mint | undefined {
  const program = account && programOf(account)
  if (!program || !hasKind(account, mintSize, 1)) return undefined
  const bytes = account.data
  const view = viewOf(account)
  const key = (at: number): string | null =>
    view.getUint32(at, true) === 1 ? base58.encode(new Uint8Array(bytes.slice(at + 4, at + 36))) : null
  return {
    program,
    decimals: view.getUint8(44),
    supply: view.getBigUint64(36, true),
    mintAuthority: key(0),
    freezeAuthority: key(46),
  }
}

/** Reads what holds a token; none if the account is something else. */
export function readTokenAccount(account: EncodedAccount | undefined): TokenAccount | undefined {
  const program = account && programOf(account)
  if (!program || !hasKind(account, accountSize, 2)) return undefined
  const key = (at: number): Address => base58.encode(new Uint8Array(account.data.slice(at, at + 32))) as Address
  const view = viewOf(account)
  return {
    program,
    mint: key(0),
    owner: key(32),
    amount: view.getBigUint64(64, true),
    state: states[view.getUint8(108)] ?? 'uninitialized',
  }
}

/** Writes an amount as the wire does. */
export function formatAmount(amount: bigint, decimals: number): TokenAmount {
  const digits = amount.toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '')
  const text = fraction ? `${whole}.${fraction}` : whole
  return { amount: amount.toString(), decimals, uiAmount: Number(text), uiAmountString: text }
}

function programOf({ programAddress }: EncodedAccount): TokenProgram | undefined {
  if (programAddress === tokenPrograms['spl-token']) return 'spl-token'
  return programAddress === tokenPrograms['spl-token-2022'] ? 'spl-token-2022' : undefined
}

/** Accounts with extensions are longer than both kinds, and say which they are after the longer one's fields. */
function hasKind({ data }: EncodedAccount, size: number, kind: number): boolean {
  return data.length === size || (data.length > accountSize && data[accountSize] === kind)
}

function viewOf({ data }: EncodedAccount): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength)
}
