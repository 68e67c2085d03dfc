import { RefusedError } from './refused.js'
import type { Caller, Route } from './route.js'
import type { Service } from './service.js'

/** Finds out who calls, where the route lets only some. */
export async function identify(
  { headers, source }: { readonly headers: Headers; readonly source: string | undefined },
  { callers }: Route,
  { passwordCheck, wallet, audience }: Service,
): Promise<Caller> {
  if (callers.includes('anyone')) return { kind: 'anyone' }
  const password = headers.get('x-master-password')
  const authorization = headers.get('authorization')
  if (password !== null && authorization !== null) {
    throw new RefusedError('credentials_ambiguous', 'Request has both a password and a token', { status: 400 })
  }
  if (password !== null) {
    await passwordCheck.check(password, source)
    if (callers.includes('owner')) return { kind: 'owner' }
    throw new RefusedError('session_required', 'Endpoint takes the token of a session', { status: 403 })
  }
  if (authorization === null) {
    const words = callers.map((caller) => (caller === 'owner' ? 'X-Master-Password' : 'a session token as Bearer'))
    throw new RefusedError('credentials_missing', `Request needs ${words.join(' or ')}`, { status: 401 })
  }
  const [, token = ''] = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization) ?? []
  const session = await wallet.openSession(token, { audience })
  if (callers.includes('session')) return { kind: 'session', session }
  throw new RefusedError('owner_required', 'Only the owner can do this', { status: 403 })
}
