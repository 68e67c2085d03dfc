import type { Chain } from '../ports/chain.js'
import { within } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import { CancellationFailedError, ConfigurationError, LedgerUnavailableError } from '../errors.js'
import { signCancellation } from '../pay/sign.js'
import type { Signer } from '../ports/key-store.js'
import { countsAsSpent } from '../ledger/lifecycle.js'
import type { PayContext } from '../pay/context.js'
import type { Cancellation } from '../ports/scheme.js'
import type { Hex, Payment, PaymentId } from '../types.js'

type CancelContext = Pick<PayContext, 'ledger' | 'keyStore' | 'schemes' | 'contracts'> & {
  readonly chains: readonly Chain[]
}

/**
 * Sends what makes a payment's nonce unusable, and answers the transaction's hash. The payment counts on until a final
 * block shows the cancellation: the server may be first.
 */
export async function cancel(id: PaymentId, context: CancelContext): Promise<string> {
  const payment = await findCancellable(id, context)
  const send = senderOf(payment, context)
  const cancellation = cancellationOf(payment, context)
  const signer = await signerOf(payment, context)
  const signature = await sign(payment, cancellation, { signer, contracts: context.contracts })
  try {
    return await within(deadlines.cancellation, send(payment, signature), 'the gas payer did not answer in time')
  } catch (cause) {
    throw new CancellationFailedError(id, { reason: 'the transaction could not be sent', cause })
  }
}

async function findCancellable(id: PaymentId, { ledger }: CancelContext): Promise<Payment> {
  const payment = await ledger.get(id).catch((cause: unknown) => {
    throw new LedgerUnavailableError(cause)
  })
  if (!payment) throw new CancellationFailedError(id, { reason: 'the ledger has no such payment' })
  if (countsAsSpent(payment) && payment.status !== 'confirmed') return payment
  throw new CancellationFailedError(id, { reason: `it is ${payment.status} for good` })
}

function senderOf({ id, asset }: Payment, { chains }: CancelContext): NonNullable<Chain['cancel']> {
  const send = chains.find(({ network }) => network === asset.network)?.cancel
  if (send) return send
  throw new ConfigurationError(`Failed to cancel ${id}: the wallet has no chain of ${asset.network} with a gas payer`)
}

function cancellationOf(payment: Payment, { schemes }: CancelContext): Cancellation {
  const { id, scheme, asset } = payment
  const own = schemes.find((one) => one.name === scheme && asset.network.startsWith(`${one.namespace}:`))
  const refusal = own?.cancellation?.refuse?.(payment)
  if (refusal !== undefined) throw new CancellationFailedError(id, { reason: refusal })
  if (own?.cancellation) return own.cancellation
  throw new ConfigurationError(
    `Failed to cancel ${id}: no scheme of the wallet can cancel ${scheme} on ${asset.network}`,
  )
}

async function signerOf({ id, asset, terms }: Payment, { keyStore }: CancelContext): Promise<Signer> {
  const signer = await keyStore.getSigner(asset.network).catch((cause: unknown) => {
    throw new CancellationFailedError(id, { reason: 'the key store could not be asked', cause })
  })
  if (signer?.address === terms.payer && asset.network.startsWith(`${signer.namespace}:`)) return signer
  throw new ConfigurationError(`Failed to cancel ${id}: the key store has no key of ${terms.payer}`)
}

/** What comes back from the signer goes to the chain only when it is this cancellation by this payer. */
async function sign(
  payment: Payment,
  cancellation: Cancellation,
  { signer, contracts }: { readonly signer: Signer } & Pick<CancelContext, 'contracts'>,
): Promise<Hex> {
  const fail = (reason: string, cause?: unknown): never => {
    throw new CancellationFailedError(payment.id, { reason, cause })
  }
  const { signature, problem } = await signCancellation(payment, cancellation, signer, contracts).catch(
    (cause: unknown) => fail('the signer did not sign', cause),
  )
  return problem === undefined ? (signature as Hex) : fail(problem)
}
