import { sha256Hex } from '../../../src/lib/sha256.js'
import { forgetOldest } from '../../../src/lib/recent.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils'
import { equalBytes } from '../../../src/lib/bytes.js'
import type { Random } from '../../../src/lib/random.js'
import { RefusedError } from '../refused.js'

/** The header that they carry besides, with what only the page itself was told. */
export const tokenHeader = 'x-stipend-console'

/** How long the owner is signed in. */
export const signInSeconds = 3600
const maxSignedIn = 32

/** What a browser is given at sign-in: half in a cookie, half to the page. */
export type SignIn = { readonly cookie: string; readonly token: string; readonly expiresAt: number }

/** Who is signed in at the owner's page. */
export type SignIns = {
  /** The cookie that the page's requests carry; no script can read it. Another service on this host has another one. */
  readonly cookieName: string
  readonly start: () => SignIn
  /**
   * Answers until when the sender of a request is signed in.
   *
   * @throws RefusedError when it is not, or another origin may have sent it.
   */
  readonly check: (headers: Headers) => number
  readonly end: (headers: Headers) => void
}

/**
 * Keeps who is signed in, in memory. A cookie is not enough: a browser sends it to every port of a host, and with what other
 * pages send. The other half is a token that only the page at this origin holds and that it has to send in a header, which a
 * page of another origin cannot.
 */
export function createSignIns({ clock, random }: { readonly clock: () => number; readonly random: Random }): SignIns {
  const cookieName = `stipend_console_${bytesToHex(random(4))}`
  const signedIn = new Map<string, { readonly token: Uint8Array; readonly expiresAt: number }>()
  const drawn = (): string => bytesToHex(random(32))
  const find = (headers: Headers) => {
    const cookie = cookieOf(headers, cookieName)
    const found = cookie === undefined ? undefined : signedIn.get(hash(cookie))
    if (!found || clock() >= found.expiresAt) return undefined
    return equalBytes(utf8ToBytes(hash(headers.get(tokenHeader) ?? '')), found.token) ? found : undefined
  }
  return {
    cookieName,
    start: () => {
      const started = { cookie: drawn(), token: drawn(), expiresAt: clock() + signInSeconds * 1000 }
      signedIn.set(hash(started.cookie), {
        token: utf8ToBytes(hash(started.token)),
        expiresAt: started.expiresAt,
      })
      forgetOldest(signedIn, maxSignedIn)
      return started
    },
    check: (headers) => {
      refuseOtherSites(headers)
      const found = find(headers)
      if (found) return found.expiresAt
      throw new RefusedError('sign_in_required', 'Owner is not signed in, or not any more', { status: 401 })
    },
    end: (headers) => {
      const cookie = cookieOf(headers, cookieName)
      if (find(headers) && cookie !== undefined) signedIn.delete(hash(cookie))
    },
  }
}

/** Refuses what a page of another origin has sent, as the browser says; what is of no browser says nothing. */
export function refuseOtherSites(headers: Headers): void {
  const site = headers.get('sec-fetch-site')
  if (site === null || site === 'same-origin') return
  throw new RefusedError('origin_not_allowed', 'Request comes from a page of another origin', { status: 403 })
}

/** Writes the cookie of a sign-in; without one, the cookie that takes it away. */
export function writeCookie(
  { name, value }: { readonly name: string; readonly value?: string | undefined },
  { path, isSecure }: { readonly path: string; readonly isSecure: boolean },
): string {
  const age = value === undefined ? 0 : signInSeconds
  const parts = [`${name}=${value ?? ''}`, `Path=${path}`, `Max-Age=${age}`, 'HttpOnly', 'SameSite=Strict']
  return [...parts, ...(isSecure ? ['Secure'] : [])].join('; ')
}

function cookieOf(headers: Headers, name: string): string | undefined {
  const pairs = (headers.get('cookie') ?? '').split(';').map((pair) => pair.trim())
  const values = pairs.filter((pair) => pair.startsWith(`${name}=`))
  // Of two, one may have been set by another port of this host.
  return values.length === 1 ? values[0]?.slice(name.length + 1) : undefined
}

function hash(text: string): string {
  return sha256Hex(text)
}
