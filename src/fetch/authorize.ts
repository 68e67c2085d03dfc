import type { Challenge } from './challenge.js'
import type { PayingCall } from './request.js'
import { NoPayableOfferError, UnpayableRequestError } from '../errors.js'
import type { AuthorizeOptions } from '../pay/payer.js'
import type { Authorization, Labels } from '../types.js'

/** Servers take headers of 16 KiB in all. */
const maxHeaderBytes = 12_288

type Authorized = { readonly challenge: Challenge; readonly authorization: Authorization }

/** Answers a 402 in the first of its protocols in which this wallet can pay at all. */
export async function authorizeFirst(
  [challenge, ...others]: readonly Challenge[],
  authorize: (challenge: Challenge) => Promise<Authorization>,
): Promise<Authorized> {
  if (!challenge) throw new TypeError('there is no challenge to answer')
  try {
    return { challenge, authorization: await authorize(challenge) }
  } catch (error) {
    if (!(error instanceof NoPayableOfferError) || others.length === 0) throw error
    return authorizeFirst(others, authorize).catch((other: unknown) => {
      throw other instanceof NoPayableOfferError ? error : other
    })
  }
}

/** Says what a call asks a wallet to pay a challenge for. */
export function authorizeOptionsOf(
  call: PayingCall,
  challenge: Challenge,
  labels: Labels,
): Omit<AuthorizeOptions, 'requestHash'> {
  const { purchaseKey, sameRequest, maxMicroUsd, signal } = call
  const { resource, serverTime, protocol, required } = challenge
  return {
    resource,
    serverTime,
    purchaseKey,
    sameRequest,
    maxMicroUsd,
    signal,
    labels: { ...labels, ...call.labels },
    whyUnsendable: (authorization) => {
      const headers = protocol.attach(required, authorization)
      const own = readOwnHeaders(call)
      const taken = Object.keys(headers).find((name) => own.has(name))
      if (taken !== undefined) return `its payment would take the place of the request's own ${taken} header`
      const size = Object.entries(headers).flat().join('').length
      return size > maxHeaderBytes ? `its payment header would be ${size} bytes, over ${maxHeaderBytes}` : undefined
    },
  }
}

/** Whoever made the headers can have changed them since they were sent first. */
function readOwnHeaders(call: PayingCall): Headers {
  try {
    return call.init().headers
  } catch (cause) {
    throw new UnpayableRequestError('Request cannot be written once more; nothing was signed', { cause })
  }
}
