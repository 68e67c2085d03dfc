import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'

const load = async () => (await import('../../src/lib/sha256.js')).sha256Hex

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

describe('sha256Hex', () => {
  it.each(['with Node', 'without Node'])('hashes any text and any bytes as noble does, %s', async (where) => {
    if (where === 'without Node') vi.stubGlobal('process', undefined)
    const sha256Hex = await load()
    const checkText = (text: string): void => expect(sha256Hex(text)).toBe(bytesToHex(sha256(utf8ToBytes(text))))
    const checkBytes = (bytes: Uint8Array): void => expect(sha256Hex(bytes)).toBe(bytesToHex(sha256(bytes)))
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void checkText(text)))
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void checkBytes(bytes)))
  })

  it('hashes half a surrogate pair the same with Node and without', async () => {
    const own = (await load())('a\ud800b')
    vi.resetModules()
    vi.stubGlobal('process', undefined)
    expect((await load())('a\ud800b')).toBe(own)
  })

  it('gives the answer of FIPS 180-4', async () => {
    expect((await load())('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })
})
