import { joinBytes } from './bytes.js'

type Reader = ReadableStreamDefaultReader<Uint8Array>

/** Reads a stream to its end, or answers `undefined` when it is longer than this; who made the reader lets go of it. */
export async function readStream(reader: Reader, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = []
  return (await readChunks(reader, maxBytes, chunks)) ? joinBytes(...chunks) : undefined
}

/**
 * Reads a stream's chunks into a list, and tells whether that was all of it: what is longer than this is read no
 * further. What came before a stream breaks off is in the list.
 */
export async function readChunks(reader: Reader, maxBytes: number, chunks: Uint8Array[]): Promise<boolean> {
  for (let size = 0; size <= maxBytes; ) {
    const chunk = await reader.read()
    if (chunk.done) return true
    chunks.push(chunk.value)
    size += chunk.value.byteLength
  }
  return false
}
