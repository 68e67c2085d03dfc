import type { Scheme } from '../ports/scheme.js'
import type { Signer } from '../ports/key-store.js'
import type { Asset, Hex, Offer, Payment } from '../types.js'
import { encodeCall, functions, readHex } from './abi.js'
import { readAllowance } from './allowance.js'
import {
  approvalDetails,
  approvalPlaceholder,
  checkApproval,
  hasApproval,
  readApproval,
  signApproval,
} from './allowance-approval.js'
import { askOne, type Nodes } from './ask-one.js'
import type { Rpc } from './blocks.js'
import { isRevert } from './head.js'
import { deadlineOf, type Field, isPermit, permit2, typesOf } from './permit2.js'
import { type EvmSigner, isEvmSigner } from './signer.js'
import type { TypedData } from './typed-data.js'
import { placeholder, type Signing, signingOf } from './typed-signing.js'

/** The fields of what is signed for a token, so that a spender may move some of it (EIP-2612). */
export const allowancePermitFields: readonly Field[] = [
  ['address', 'owner'],
  ['address', 'spender'],
  ['uint256', 'value'],
  ['uint256', 'nonce'],
  ['uint256', 'deadline'],
]

type Asking = Nodes & {
  /** The most that the gas of an approval may cost, in wei; absent: none is ever signed. */
  readonly maxApprovalFeeWei: bigint | undefined
}

/**
 * Finds with which nonce a token would take a permit of the payer's, where a server pays for the gas of it and Permit2 may not
 * move so much yet; nothing where none is needed, or the token knows none. Then, where its owner lets it and the server pays
 * for that too, it is an approval.
 */
export async function findAllowancePermit(
  nodes: Asking,
  { asset, amount, scheme, extra, gasSponsoring = [] }: Offer,
  signer: Signer,
): Promise<Offer['allowancePermit']> {
  const isByPermit2 = scheme === 'upto' || extra['assetTransferMethod'] === 'permit2'
  if (!isByPermit2 || !isEvmSigner(signer)) return undefined
  const payer = signer.address
  const takesPermit = asset.eip712 !== undefined && gasSponsoring.includes('eip2612')
  const takesApproval = signer.signTransaction !== undefined && gasSponsoring.includes('erc20-approval')
  const maxFeeWei = takesApproval ? nodes.maxApprovalFeeWei : undefined
  if (!takesPermit && maxFeeWei === undefined) return undefined
  return askOne(nodes, async (client) => {
    if ((await readAllowance(client, asset, payer)) >= amount) return undefined
    const permit = takesPermit ? readPermitNonce(client, asset, payer) : undefined
    if (maxFeeWei === undefined) return permit
    return (await permit?.catch(unlessUntaken)) ?? readApproval(client, { asset, amount, payer }, maxFeeWei)
  })
}

/** Only the chain's own word says that a token takes no permit, since an approval has no end: a node that fails says nothing. */
function unlessUntaken(error: unknown): undefined {
  if (!isRevert(error)) throw error
}

async function readPermitNonce(
  client: Rpc,
  { address: to }: Asset,
  payer: string,
): Promise<{ readonly nonce: string }> {
  const call = { to, data: encodeCall(functions.nonces, payer) }
  const answer = await client.request({ method: 'eth_call', params: [call, 'latest'] })
  // Some contracts answer with nothing what they do not know.
  if (answer === '0x') throw new TypeError('the call reverted, or was answered with nothing')
  return { nonce: BigInt(readHex(answer, 32)).toString() }
}

/** What the terms of a payment keep of the permit, or the approval, beside it. */
export function permitDetails({ allowancePermit: granted }: Offer): Readonly<Record<string, string>> {
  if (!granted) return {}
  return granted.approval ? approvalDetails(granted) : { permitNonce: granted.nonce }
}

/** What is signed beside a payment: that Permit2 may move exactly its amount, and only as long as the payment lives. */
function allowancePermitData(payment: Payment): TypedData {
  const { asset, amount, terms } = payment
  if (!asset.eip712) throw new TypeError(`${asset.symbol} has no EIP-712 domain`)
  return {
    domain: {
      name: asset.eip712.name,
      version: asset.eip712.version,
      chainId: Number(asset.network.slice('eip155:'.length)),
      verifyingContract: asset.address as Hex,
    },
    types: typesOf({ Permit: allowancePermitFields }),
    primaryType: 'Permit',
    message: {
      owner: terms.payer,
      spender: permit2,
      value: amount,
      nonce: BigInt(terms.details?.['permitNonce'] ?? ''),
      deadline: deadlineOf(payment),
    },
  }
}

const permitSigning = signingOf(allowancePermitData)
const signatureLength = placeholder.length

/** What is signed beside a payment, so that Permit2 may move its amount. */
type Grant = Pick<Signing, 'sign' | 'check'> & {
  /** By which extension of x402 it is sent, and what there is in it besides whose it is and for how much. */
  readonly extension: string
  readonly fields: (payment: Payment, signed: string) => Readonly<Record<string, string>>
  readonly placeholder: string
}

const permitGrant: Grant = {
  ...permitSigning,
  extension: 'eip2612GasSponsoring',
  fields: (payment, signature) => ({
    nonce: payment.terms.details?.['permitNonce'] ?? '',
    deadline: deadlineOf(payment).toString(),
    signature,
  }),
  placeholder,
}

const approvalGrant: Grant = {
  sign: signApproval,
  check: checkApproval,
  extension: 'erc20ApprovalGasSponsoring',
  fields: (_payment, signedTransaction) => ({ signedTransaction }),
  placeholder: approvalPlaceholder,
}

function grantOf(payment: Payment): Grant | undefined {
  if (isPermit(payment) && payment.terms.details?.['permitNonce'] !== undefined) return permitGrant
  return hasApproval(payment) ? approvalGrant : undefined
}

/**
 * Signs what a scheme signs and, where the terms say so, the permit or the approval before it. Both stand one behind the
 * other, and each is of exactly this payment.
 */
export function withAllowancePermit(own: Signing): Signing & Pick<Scheme<EvmSigner>, 'extensions'> {
  return {
    ...own,
    sign: async (payment, signer) => {
      const grant = grantOf(payment)
      if (!grant) return own.sign(payment, signer)
      // By itself it moves nothing: where the payment is not signed then, nothing that does was.
      const granted = await grant.sign(payment, signer)
      return `${await own.sign(payment, signer)}${granted.slice(2)}`
    },
    check: (payment, signature) => {
      const grant = grantOf(payment)
      const problem = own.check(payment, paymentSignature(payment, signature))
      return problem ?? grant?.check(payment, grantIn(signature, grant))
    },
    extensions: (payment, signature) => {
      const grant = grantOf(payment)
      if (!grant) return undefined
      const { asset, amount, terms } = payment
      const about = { from: terms.payer, asset: asset.address, spender: permit2, amount: amount.toString() }
      return {
        [grant.extension]: { ...about, ...grant.fields(payment, grantIn(signature, grant)), version: '1' },
      }
    },
  }
}

/** Takes the signature of the payment out of both. */
export function paymentSignature(payment: Payment, signature: string): string {
  return grantOf(payment) ? signature.slice(0, signatureLength) : signature
}

/** A stand-in of one signature stands for both. */
function grantIn(signature: string, grant: Grant): string {
  return signature === placeholder ? grant.placeholder : `0x${signature.slice(signatureLength)}`
}
