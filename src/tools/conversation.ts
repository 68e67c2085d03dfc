import type { AuthorizeOptions, Payer, SignInRequest } from '../pay/payer.js'
import type { PayFetchInput } from './input.js'

type Call = { readonly conversation?: string | undefined }

/** Lets a call that only its framework names go on from an unresolved one of its conversation, and of no other's. */
export function inConversation(
  { requestHash = '' }: Pick<SignInRequest, 'requestHash'>,
  { key }: PayFetchInput,
  { conversation }: Call,
): Pick<AuthorizeOptions, 'sameRequest' | 'requestHash'> | undefined {
  if (key !== undefined || conversation === undefined) return undefined
  return { sameRequest: true, requestHash: JSON.stringify([conversation, requestHash]) }
}

/** What a call opens is known by the same name as what it pays for. */
export function signingIn(input: PayFetchInput, call: Call, payer: Payer): Payer {
  const { signIn } = payer
  if (!signIn) return payer
  return {
    ...payer,
    signIn: async (required, ask) => {
      const named = inConversation(ask, input, call)
      return signIn(required, named ? { ...ask, isNew: false, requestHash: named.requestHash } : ask)
    },
  }
}
