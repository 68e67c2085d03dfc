import { joinBytes } from '../lib/bytes.js'
import { readChunks } from '../lib/read-stream.js'
import { within } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import { plain } from '../lib/untrusted.js'

/** What a model may see of a server's answer. */
export type SeenAnswer = {
  readonly httpStatus: number
  readonly contentType?: string | undefined
  readonly untrustedBody?: string | undefined
  readonly bodyBytes: number
  readonly isBodyCut: boolean
  readonly untrustedLocation?: string | undefined
}

/** An answer, and whether it came whole or as much of it as is shown. */
export type ReadAnswer = { readonly seen: SeenAnswer; readonly isBroken: boolean }

const maxLocationLength = 2048
/** How much of what is no text is read to say how long it is. */
const maxCountedBytes = 1_048_576
const knownType =
  /^(text\/(plain|html|css|csv|markdown|xml|javascript|event-stream|calendar)|application\/([a-z]{1,12}\+)?(json|xml)|application\/(pdf|zip|gzip|wasm|javascript|yaml|x-ndjson|x-www-form-urlencoded|octet-stream|grpc|msgpack|cbor|x-tar)|image\/(png|jpeg|gif|webp|avif|svg\+xml|x-icon)|audio\/(mpeg|ogg|wav|webm|aac)|video\/(mp4|webm|ogg|mpeg)|font\/(woff2?|ttf|otf)|multipart\/(form-data|mixed))$/
const textType = /^text\/|^application\/(json|xml|javascript|yaml|x-ndjson|x-www-form-urlencoded)$|\+(json|xml)$/

/** Reads of an answer what a model may see: its text up to a number of characters, or what it is and how long. */
export async function readAnswer(response: Response, maxCharacters: number): Promise<ReadAnswer> {
  const contentType = readType(response.headers.get('content-type'))
  const isText = contentType === undefined || textType.test(contentType)
  // A character takes four bytes at most; whatever is stripped must not pull more in than is shown.
  const { bytes, isCut, isBroken } = await readBytes(response, isText ? maxCharacters * 4 : maxCountedBytes)
  const text = isText ? decode(bytes) : undefined
  const shown = text === undefined ? undefined : plain(text, maxCharacters)
  const location = response.headers.get('location')
  const seen = {
    httpStatus: response.status,
    ...(contentType !== undefined && { contentType }),
    ...(shown !== undefined && bytes.length > 0 && { untrustedBody: shown }),
    bodyBytes: bytes.length,
    isBodyCut: isCut || (text !== undefined && text.length > maxCharacters),
    ...(location !== null && { untrustedLocation: plain(location, maxLocationLength) }),
  }
  return { seen, isBroken }
}

/** Without its parameters, and only if it is one of those that are told: a type of the server's making is its own words. */
function readType(header: string | null): string | undefined {
  const type = header?.split(';')[0]?.trim().toLowerCase() ?? ''
  return knownType.test(type) ? type : undefined
}

/** What is not UTF-8, or has a NUL in it, is no text, whatever it says it is. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}

type ReadBytes = { readonly bytes: Uint8Array; readonly isCut: boolean; readonly isBroken: boolean }

/** Reads up to a number of bytes and lets go of the rest; an answer that breaks off gives what came of it. */
async function readBytes(response: Response, maxBytes: number): Promise<ReadBytes> {
  const reader = response.body?.getReader()
  if (!reader) return { bytes: new Uint8Array(), isCut: false, isBroken: false }
  const chunks: Uint8Array[] = []
  const readSoFar = (): Uint8Array => joinBytes(...chunks).subarray(0, maxBytes)
  try {
    const isWhole = await within(
      deadlines.toolAnswer,
      readChunks(reader, maxBytes, chunks),
      'the answer did not end in time',
    )
    return { bytes: readSoFar(), isCut: !isWhole, isBroken: false }
  } catch {
    return { bytes: readSoFar(), isCut: true, isBroken: true }
  } finally {
    reader.cancel().catch(() => {})
  }
}
