import { bytesToHex } from '@noble/hashes/utils'
import { deepFreeze } from '../lib/freeze.js'
import { draw, type Random } from '../lib/random.js'
import { createRecent } from '../lib/recent.js'
import type { Signer } from '../ports/key-store.js'
import type { SignInClaim, SignInMethod } from '../ports/sign-in.js'
import type { Payment, Resource } from '../types.js'
import { isPreimage, type LightningAccount, type LightningSigner } from './account.js'
import { readKept, schemeName } from './challenge.js'
import { findOpening } from './find-opening.js'

/** Writes the header that shows what was paid; only ever sent to the origin that issued the token. */
export function writeProof(echo: string | undefined, preimage: string): Readonly<Record<string, string>> {
  const { scheme = 'L402', token = '' } = readKept(echo) ?? {}
  return { Authorization: `${scheme} ${token}:${preimage}` }
}

type Options = { readonly account: LightningAccount; readonly protocol: string; readonly random: Random }

/** Shows what was paid before, to the origin that it was paid to, before it pays once more. */
export function showProof({ account, protocol, random }: Options): SignInMethod {
  const shown = new WeakMap<SignInClaim, Payment>()
  const unanswered = new WeakSet<SignInClaim>()
  const refused = createRecent<string>(1000)
  const isOurs = (signer: Signer): signer is LightningSigner => signer === account.signer
  const opens = (paid: Payment, { origin, url }: Resource): boolean =>
    paid.protocol === protocol &&
    paid.scheme === schemeName &&
    paid.resource.origin === origin &&
    !refused.has(nameOf(paid, new URL(url).pathname)) &&
    (isOfPath(paid, url) || !refused.has(nameOf(paid, elsewhere)))
  return Object.freeze({
    allows: () => true,
    // Whoever does not ask by it has no use for a proof, but could show it where it was issued.
    findPaid: async (own, asker) =>
      asker.protocol === protocol
        ? findOpening(own, { ...asker, opens: (paid) => opens(paid, asker.resource) })
        : undefined,
    canSign: isOurs,
    read: (_, { resource, network, address, now, paid }) => {
      if (!paid || !readKept(paid.terms.challenge)) return undefined
      const nonce = bytesToHex(draw(random, 16))
      const issuedAt = new Date(now).toISOString()
      const { origin, pathname } = new URL(resource.url)
      const claim = deepFreeze({ network, address, domain: resource.host, uri: origin + pathname, nonce, issuedAt })
      shown.set(claim, paid)
      return claim
    },
    sign: async (claim, signer) => {
      const paid = shown.get(claim)
      if (!paid || !isOurs(signer)) throw new TypeError('there is nothing to show')
      return signer.recall(paid.terms.nonce).catch((error: unknown) => {
        if (account.isUnanswered(error)) unanswered.add(claim)
        throw error
      })
    },
    whyUnanswered: (claim) => (unanswered.has(claim) ? 'the Lightning wallet did not answer' : undefined),
    check: (claim, preimage) => {
      const paid = shown.get(claim)
      return paid && isPreimage(preimage, paid.terms.nonce) ? undefined : 'it is not what was paid for'
    },
    write: (claim, preimage) => writeProof(shown.get(claim)?.terms.challenge, preimage),
    note: (claim, isOpened) => {
      const paid = shown.get(claim)
      if (!paid || isOpened) return
      refused.add(nameOf(paid, new URL(claim.uri).pathname))
      if (!isOfPath(paid, claim.uri)) refused.add(nameOf(paid, elsewhere))
    },
  } satisfies SignInMethod)
}

/** Stands for all that a payment was not made for. */
const elsewhere = '*'

function nameOf({ id }: Payment, path: string): string {
  return `${id} ${path}`
}

function isOfPath({ resource }: Payment, url: string): boolean {
  return new URL(resource.url).pathname === new URL(url).pathname
}
