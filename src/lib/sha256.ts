import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils'
import { findBuiltin } from './node-builtin.js'

type Hash = (data: string | Uint8Array) => string

let found: Hash | undefined

/** Hashes bytes, or a text as UTF-8, as hex (FIPS 180-4): by Node's own code where there is some, several times as fast. */
export function sha256Hex(data: string | Uint8Array): string {
  found ??= findNative() ?? inJavaScript
  return found(data)
}

function findNative(): Hash | undefined {
  const hash = findBuiltin('node:crypto')?.hash
  return typeof hash === 'function' ? (data) => hash('sha256', data, 'hex') : undefined
}

function inJavaScript(data: string | Uint8Array): string {
  return bytesToHex(sha256(typeof data === 'string' ? utf8ToBytes(data) : data))
}
