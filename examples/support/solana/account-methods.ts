import { base58, base64 } from '@scure/base'
import type { Address, EncodedAccount } from '@solana/kit'
import type { Commitment } from './blocks.ts'
import { RpcError } from './errors.ts'
import type { Config, Method, Node } from './node.ts'
import { configAt, inContext, readAddress, readCommitment, readStrings } from './params.ts'
import { formatAmount, readMint, readTokenAccount } from './token.ts'

/** What a node answers about accounts. */
export const accountMethods: Readonly<Record<string, Method>> = {
  getAccountInfo(node, params) {
    const config = configAt(params, 1)
    const commitment = readCommitment(config)
    return inContext(node, commitment, describeAccount(node, readAddress(params[0]), config))
  },
  getMultipleAccounts(node, params) {
    const config = configAt(params, 1)
    const accounts = readStrings(params[0], 100).map((key) => describeAccount(node, readAddress(key), config))
    return inContext(node, readCommitment(config), accounts)
  },
  getBalance(node, params) {
    const commitment = readCommitment(configAt(params, 1))
    return inContext(node, commitment, Number(node.bank.read(readAddress(params[0]), commitment)?.lamports ?? 0n))
  },
  getTokenAccountBalance(node, params) {
    const commitment = readCommitment(configAt(params, 1))
    const account = readTokenAccount(node.bank.read(readAddress(params[0]), commitment))
    if (!account) throw new RpcError(-32602, 'Invalid param: could not find account')
    return inContext(node, commitment, formatAmount(account.amount, decimalsOf(node, account.mint, commitment)))
  },
  getTokenSupply(node, params) {
    const commitment = readCommitment(configAt(params, 1))
    const mint = readMint(node.bank.read(readAddress(params[0]), commitment))
    if (!mint) throw new RpcError(-32602, 'Invalid param: not a Token mint')
    return inContext(node, commitment, formatAmount(mint.supply, mint.decimals))
  },
  getMinimumBalanceForRentExemption: ({ bank }, [size]) =>
    Number(bank.svm.minimumBalanceForRentExemption(BigInt(Number(size)))),
}

/** Writes an account as it was at a commitment; null if there was none. */
export function describeAccount(node: Node, address: Address, config: Config): unknown {
  const commitment = readCommitment(config)
  const account = node.bank.read(address, commitment)
  if (!account) return null
  return {
    data: describeData(node, account, config),
    executable: account.executable,
    lamports: Number(account.lamports),
    owner: account.programAddress,
    rentEpoch: 0,
    space: account.data.length,
  }
}

function describeData(node: Node, account: EncodedAccount, config: Config): unknown {
  const { encoding, dataSlice } = config
  const all = new Uint8Array(account.data)
  const bytes = dataSlice ? all.slice(dataSlice.offset, dataSlice.offset + dataSlice.length) : all
  if (encoding === 'base64') return [base64.encode(bytes), encoding]
  if (encoding === 'base58') return [base58.encode(bytes), encoding]
  if (encoding === undefined) return base58.encode(bytes)
  if (encoding !== 'jsonParsed') throw new RpcError(-32602, `Unsupported encoding: ${String(encoding)}`)
  // A node that cannot parse an account writes its bytes.
  return parse(node, account, readCommitment(config)) ?? [base64.encode(all), 'base64']
}

/** Parses what has to do with tokens. Extensions are in the bytes only. */
function parse(node: Node, account: EncodedAccount, commitment: Commitment): unknown {
  const space = account.data.length
  const mint = readMint(account)
  if (mint) {
    const { program, decimals, supply, mintAuthority, freezeAuthority } = mint
    const info = { decimals, supply: supply.toString(), mintAuthority, freezeAuthority, isInitialized: true }
    return { program, parsed: { type: 'mint', info }, space }
  }
  const tokens = readTokenAccount(account)
  if (!tokens) return undefined
  const { program, owner, state, amount } = tokens
  const tokenAmount = formatAmount(amount, decimalsOf(node, tokens.mint, commitment))
  const info = { mint: tokens.mint, owner, state, isNative: false, tokenAmount }
  return { program, parsed: { type: 'account', info }, space }
}

function decimalsOf({ bank }: Node, mint: Address, commitment: Commitment): number {
  return readMint(bank.read(mint, commitment))?.decimals ?? 0
}
