import * as z from 'zod/mini'
import type { TypedData } from '../../evm/typed-data.js'
import type { Hex } from '../../types.js'
import { parseAddress } from '../../evm/address.js'
import { allowancePermitFields } from '../../evm/allowance-permit.js'
import { proofDomain, proofFields, proofTexts } from '../../evm/proof.js'
import { exactWitness, type Field, permit2, permit2Proxies, permitFields, uptoWitness } from '../../evm/permit2.js'
import { programs } from '../../solana/address.js'
import { type Instruction, type Message, readMessage } from '../../solana/read-message.js'

const uint256 = () => z.bigint().check(z.gte(0n), z.lt(1n << 256n))
const address = () => z.string().check(z.refine((text) => parseAddress(text) !== undefined))
const bytes32 = () => z.string().check(z.regex(/^0x[0-9a-fA-F]{64}$/))
const fields = (list: readonly Field[]) =>
  z
    .array(z.strictObject({ name: z.string(), type: z.string() }))
    .check(
      z.refine(
        (given) =>
          given.map(({ name, type }) => `${type} ${name}`).join() ===
          list.map(([type, name]) => `${type} ${name}`).join(),
      ),
    )

const domain = () =>
  z.strictObject({
    name: z.string().check(z.maxLength(256)),
    version: z.string().check(z.maxLength(256)),
    chainId: z.int().check(z.positive()),
    verifyingContract: address(),
  })

const transfer = () =>
  z.strictObject({
    domain: domain(),
    primaryType: z.literal('TransferWithAuthorization'),
    types: z.strictObject({
      TransferWithAuthorization: fields([
        ['address', 'from'],
        ['address', 'to'],
        ['uint256', 'value'],
        ['uint256', 'validAfter'],
        ['uint256', 'validBefore'],
        ['bytes32', 'nonce'],
      ]),
    }),
    message: z.strictObject({
      from: address(),
      to: address(),
      value: uint256(),
      validAfter: uint256(),
      validBefore: uint256(),
      nonce: bytes32(),
    }),
  })

const cancellation = () =>
  z.strictObject({
    domain: domain(),
    primaryType: z.literal('CancelAuthorization'),
    types: z.strictObject({
      CancelAuthorization: fields([
        ['address', 'authorizer'],
        ['bytes32', 'nonce'],
      ]),
    }),
    message: z.strictObject({ authorizer: address(), nonce: bytes32() }),
  })

/** A transfer by Permit2 that nobody but one of x402's own contracts can execute, and only as its witness says. */
const permit = (spender: Hex, witnessFields: readonly Field[]) =>
  z.strictObject({
    domain: z.strictObject({
      name: z.literal('Permit2'),
      chainId: z.int().check(z.positive()),
      verifyingContract: z.literal(permit2),
    }),
    primaryType: z.literal('PermitWitnessTransferFrom'),
    types: z.strictObject({
      PermitWitnessTransferFrom: fields(permitFields.PermitWitnessTransferFrom),
      TokenPermissions: fields(permitFields.TokenPermissions),
      Witness: fields(witnessFields),
    }),
    message: z.strictObject({
      permitted: z.strictObject({ token: address(), amount: uint256() }),
      spender: z.literal(spender),
      nonce: uint256(),
      deadline: uint256(),
      witness: z.strictObject(
        Object.fromEntries(witnessFields.map(([type, name]) => [name, type === 'address' ? address() : uint256()])),
      ),
    }),
  })

/** The largest permit that is signed: no token has as much, and one without an end is larger. */
const maxPermit = 1n << 128n

/** That Permit2, and nobody else, may move some of a token (EIP-2612). */
const allowancePermit = () =>
  z.strictObject({
    domain: domain(),
    primaryType: z.literal('Permit'),
    types: z.strictObject({ Permit: fields(allowancePermitFields) }),
    message: z.strictObject({
      owner: address(),
      spender: z.literal(permit2),
      value: z.bigint().check(z.gte(0n), z.lt(maxPermit)),
      nonce: uint256(),
      deadline: uint256(),
    }),
  })

/** Whose address it is, for an MPP server that asks for no money: no contract takes what is signed in its domain. */
const proof = () =>
  z.strictObject({
    domain: z.strictObject({
      name: z.literal(proofDomain.name),
      version: z.literal(proofDomain.version),
      chainId: z.int().check(z.positive()),
    }),
    primaryType: z.literal('Proof'),
    types: z.strictObject({ Proof: fields(proofFields) }),
    message: z.strictObject({
      account: address(),
      challengeId: z.string().check(z.regex(proofTexts.challengeId)),
      realm: z.string().check(z.regex(proofTexts.realm)),
    }),
  })

const intent = () =>
  z.union([
    proof(),
    transfer(),
    cancellation(),
    allowancePermit(),
    permit(permit2Proxies.exact, exactWitness),
    permit(permit2Proxies.upto, uptoWitness),
  ])

/**
 * Reads typed data that moves this address's tokens by EIP-3009 or, through x402's own contracts, by Permit2, or that
 * takes a payment back, or lets Permit2 move so much of a token, or proves to an MPP server whose address it is; answers a
 * copy, or `undefined` for any other data, however little it differs.
 */
export function readTypedIntent(data: unknown, payer: string): TypedData | undefined {
  const parsed = intent().safeParse(data)
  if (!parsed.success) return undefined
  const { message } = parsed.data
  const read = parsed.data as TypedData
  // What is signed for Permit2 names no owner: it is whoever signs.
  if ('permitted' in message) return read
  const { from, owner, authorizer, account } = message as Readonly<Record<string, string>>
  return parseAddress(from ?? owner ?? authorizer ?? account ?? '') === payer ? read : undefined
}

const tokenPrograms = [programs['spl-token'], programs['token-2022']]
/** Micro-lamports for a compute unit: the most that facilitators take. */
const maxPrice = 5_000_000n
const maxMemoLength = 256

/**
 * Tells whether a message does nothing but move tokens of this address: the limit and the price of computation, one
 * checked transfer and at most one memo, in this order, with fees that somebody else pays.
 */
export function isPaymentMessage(bytes: Uint8Array, payer: string): boolean {
  const message = attempt(bytes)
  if (!message || message.instructions.length > 4) return false
  const { signers, keys, instructions } = message
  const [feePayer, other] = keys
  const isSponsored = signers === 2 && other === payer && feePayer !== payer
  const [limit, price, transferred, note] = instructions
  if (!isSponsored || !limit || !price || !transferred) return false
  const used = new Set([feePayer, payer, ...instructions.flatMap((one) => [one.program, ...one.accounts])])
  return (
    isLimit(limit) &&
    isPrice(price) &&
    isTransfer(transferred, payer) &&
    !transferred.accounts.includes(feePayer ?? '') &&
    (note === undefined || isMemo(note)) &&
    keys.every((account) => used.has(account))
  )
}

function attempt(bytes: Uint8Array): Message | undefined {
  try {
    return readMessage(bytes)
  } catch {
    return undefined
  }
}

function isLimit({ program, accounts, data }: Instruction): boolean {
  return program === programs.computeBudget && accounts.length === 0 && data.length === 5 && data[0] === 2
}

function isPrice({ program, accounts, data }: Instruction): boolean {
  if (program !== programs.computeBudget || accounts.length > 0 || data.length !== 9 || data[0] !== 3) return false
  return new DataView(data.buffer, data.byteOffset).getBigUint64(1, true) <= maxPrice
}

/** `TransferChecked` from an account, by mint, to an account, on the authority of the payer and no one beside it. */
function isTransfer({ program, accounts, data }: Instruction, payer: string): boolean {
  const isShaped = accounts.length === 4 && data.length === 10 && data[0] === 12
  return tokenPrograms.includes(program) && isShaped && accounts[3] === payer
}

function isMemo({ program, accounts, data }: Instruction): boolean {
  return program === programs.memo && accounts.length === 0 && data.length <= maxMemoLength
}
