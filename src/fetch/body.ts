import { UnpayableRequestError } from '../errors.js'
import {
  copyBytes,
  isAsyncIterable,
  isBlob,
  isForm,
  isNodeStream,
  isOwnBlob,
  isParams,
  isRequest,
  isWebStream,
} from './kinds.js'
import type { Init, Input, KeptBody } from './kept-body.js'
import { keepNodeStream, streamOf } from './node-body.js'

/** Keeps a body for a second sending; costs nothing where there is none, and copies only what its owner could change. */
export function keepBody(input: Input, init: Init | undefined, maxBytes: number): KeptBody {
  const keep = (body: BodyInit | undefined): KeptBody => ({
    input,
    init,
    isWhole: true,
    replay: async () => ({ body }),
    discard,
  })
  const body = init?.body
  if (body === undefined || body === null)
    return isRequestWithBody(input) ? keepRequest(input, init, maxBytes) : keep(undefined)
  if (typeof body === 'string' || isBlob(body)) return keep(body)
  if (isParams(body)) return keep(new URLSearchParams(String(body)))
  if (isWebStream(body)) return keepStream(input, init, body, maxBytes)
  const bytes = copyBytes(body)
  if (bytes) return keep(bytes)
  if (isForm(body)) return canEncode(body) ? keepForm(input, init, body) : { input, init, replay: unreadable, discard }
  if (isNodeStream(body)) return keepNodeStream(input, init, body, maxBytes)
  if (isAsyncIterable(body)) return keepStream(input, { duplex: 'half', ...init } as Init, streamOf(body), maxBytes)
  // A fetch may take more than we know of; what is no object, it takes by its text.
  return typeof body === 'object' ? { input, init, replay: unreadable, discard } : keep(String(body))
}

/** A file of another make would be written as a word, and could not be told from others. */
function canEncode(form: FormData): boolean {
  return [...form].every(([, value]) => typeof value === 'string' || isOwnBlob(value))
}

function discard(): void {}

/** Refuses a body that cannot be read a second time, such as that of a file that has changed. */
export async function unreadable(): Promise<never> {
  throw new UnpayableRequestError(
    'Request body can be read only once, so the paid request cannot carry it; nothing was signed',
    {
      details: ['Pass a string, bytes, URLSearchParams, FormData, a Blob or a ReadableStream.'],
    },
  )
}

function isRequestWithBody(input: Input): input is Request {
  return isRequest(input) && Boolean(input.body) && !input.bodyUsed
}

function keepRequest(request: Request, init: Init | undefined, maxBytes: number): KeptBody {
  const body: unknown = request.clone().body
  const stream = isWebStream(body) ? body : isAsyncIterable(body) ? streamOf(body) : undefined
  if (stream) return { input: request, init, ...collect(stream, maxBytes) }
  const bytes = copyBytes(body)
  return { input: request, init, replay: bytes ? async () => ({ body: bytes }) : unreadable, discard }
}

function keepStream(input: Input, init: Init | undefined, stream: ReadableStream, maxBytes: number): KeptBody {
  const [first, second] = stream.tee()
  return { input, init: { ...init, body: first }, ...collect(second, maxBytes) }
}

/** Reads along up to a bound, so that a stream of any length passes and only a short one is kept. */
function collect(stream: ReadableStream<Uint8Array> | null, maxBytes: number): Pick<KeptBody, 'replay' | 'discard'> {
  const reader = stream?.getReader()
  const read = async (): Promise<Blob | undefined> => {
    const chunks: Uint8Array<ArrayBuffer>[] = []
    for (let size = 0; ; ) {
      const chunk = await reader?.read()
      if (!chunk || chunk.done) return new Blob(chunks)
      size += chunk.value.byteLength
      if (size > maxBytes) return undefined
      chunks.push(Uint8Array.from(chunk.value))
    }
  }
  const release = () => void reader?.cancel().catch(discard)
  const kept = read().finally(release)
  kept.catch(discard)
  return {
    discard: release,
    replay: async () => {
      const body = await kept.catch(unreadable)
      if (body) return { body }
      throw new UnpayableRequestError(
        `Request body is longer than ${maxBytes} bytes, so it was not kept; nothing was signed`,
        {
          details: ['Raise maxReplayBytes, or pass the body as a string, bytes or a Blob.'],
        },
      )
    },
  }
}

/** Encodes a form once, since each encoding draws a boundary of its own; files are referred to, not read. */
function keepForm(input: Input, init: Init | undefined, form: FormData): KeptBody {
  const boundary = `stipend-${crypto.randomUUID()}`
  const contentType = `multipart/form-data; boundary=${boundary}`
  const body = encodeForm(form, boundary)
  const headers = new Headers(init?.headers ?? (isRequest(input) ? input.headers : undefined))
  if (!headers.has('content-type')) headers.set('content-type', contentType)
  return { input, init: { ...init, headers, body }, replay: async () => ({ body, contentType }), discard }
}

function encodeForm(form: FormData, boundary: string): Blob {
  const parts = [...form].flatMap(([name, value]) => [`--${boundary}\r\n`, ...encodeEntry(name, value), '\r\n'])
  return new Blob([...parts, `--${boundary}--\r\n`])
}

/** Writes an entry as the HTML standard's multipart/form-data encoding does. */
function encodeEntry(name: string, value: FormDataEntryValue): readonly BlobPart[] {
  const disposition = `Content-Disposition: form-data; name="${escapeName(withCrlf(name))}"`
  if (typeof value === 'string') return [`${disposition}\r\n\r\n`, withCrlf(value)]
  const type = value.type || 'application/octet-stream'
  return [`${disposition}; filename="${escapeName(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`, value]
}

function withCrlf(text: string): string {
  return text.replace(/\r\n|\r|\n/g, '\r\n')
}

function escapeName(text: string): string {
  return text.replace(/\n/g, '%0A').replace(/\r/g, '%0D').replace(/"/g, '%22')
}
