import { hmac } from '@noble/hashes/hmac'
import { sha256 } from '@noble/hashes/sha2'
import { base64urlnopad } from '@scure/base'
import { SessionInvalidError } from '../errors.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils'
import { decodeUtf8, equalBytes } from '../lib/bytes.js'
import { type Random, randomBytes } from '../lib/random.js'
import type { SessionScope } from './scope.js'
import { type SessionLinks, extend, type Link, maxLinks, narrow } from './links.js'

/** Longer ones are not looked at. */
const maxToken = 8192

/**
 * Writes a session as a token: its caveats one after another, and a MAC that runs through them all. Each MAC is the key
 * of the next, as in a macaroon: whoever holds a token can narrow it, and nobody can take a caveat away.
 */
export function writeToken(links: SessionLinks, root: Uint8Array, prefix: string): string {
  return `${prefix}${[...links.map(({ text }) => encode(utf8ToBytes(text))), encode(macOf(links, root))].join('.')}`
}

/**
 * Reads a token back into the chain of its sessions.
 *
 * @throws SessionInvalidError which never tells a forged MAC from a foreign one.
 */
export function readToken(token: string, root: Uint8Array, prefix: string): SessionLinks {
  if (typeof token !== 'string' || !token.startsWith(prefix)) throw new SessionInvalidError('it is no session token')
  if (token.length > maxToken) throw new SessionInvalidError(`it is longer than ${maxToken} characters`)
  const parts = token.slice(prefix.length).split('.')
  // Each part costs a MAC, and whoever sends them has shown nothing yet.
  if (parts.length > maxLinks + 1) throw new SessionInvalidError(`it is narrowed more than ${maxLinks} times`)
  const [mac, ...texts] = parts.map(decode).toReversed()
  if (!mac || texts.length === 0) throw new SessionInvalidError('it is no session token')
  const written = texts.toReversed()
  const expected = written.reduce<Uint8Array | undefined>((key, bytes) => macStep(key, bytes, root), undefined)
  if (!expected || !equalBytes(mac, expected)) throw new SessionInvalidError('its MAC is not of this wallet')
  const [first, ...others] = written.map(decodeText).reduce<readonly Link[]>(extend, [])
  if (!first) throw new SessionInvalidError('it is no session token')
  return [first, ...others]
}

/**
 * Narrows a session's token without the wallet: what comes out may do less, and counts against the token it was made
 * from as well. Whether the scope is narrower is checked where the token is opened.
 *
 * @throws SessionInvalidError when the text is no token.
 * @throws ConfigurationError when the scope is not usable.
 *
 * @example
 * ```ts
 * import { narrowToken } from 'stipend'
 *
 * const token = process.env.SESSION_TOKEN ?? ''
 * const smaller = narrowToken(token, { limits: { totalLimitUsd: '0.50' }, allowHosts: ['api.example.com'] })
 * ```
 */
export function narrowToken(token: string, scope: SessionScope, random: Random = randomBytes): string {
  const end = token.lastIndexOf('.')
  if (end < 0 || token.length > maxToken) throw new SessionInvalidError('it is no session token')
  const [{ text }] = narrow([], scope, bytesToHex(random(16)))
  const mac = hmac(sha256, decode(token.slice(end + 1)), utf8ToBytes(text))
  return `${token.slice(0, end)}.${encode(utf8ToBytes(text))}.${encode(mac)}`
}

function macOf(links: SessionLinks, root: Uint8Array): Uint8Array {
  const [first, ...others] = links
  return others.reduce(
    (key, { text }) => macStep(key, utf8ToBytes(text), root),
    macStep(undefined, utf8ToBytes(first.text), root),
  )
}

function macStep(key: Uint8Array | undefined, text: Uint8Array, root: Uint8Array): Uint8Array {
  return hmac(sha256, key ?? hmac(sha256, root, utf8ToBytes('stipend session token 1')), text)
}

function encode(bytes: Uint8Array): string {
  return base64urlnopad.encode(bytes)
}

function decode(text: string): Uint8Array {
  try {
    return base64urlnopad.decode(text)
  } catch {
    throw new SessionInvalidError('it is no session token')
  }
}

function decodeText(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes)
  if (text === undefined) throw new SessionInvalidError('it is no session token')
  return text
}
