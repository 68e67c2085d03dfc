import { UnpayableRequestError } from '../errors.js'

type Input = Parameters<typeof fetch>[0]
type Init = NonNullable<Parameters<typeof fetch>[1]>

/** A body to send once more. */
export type Replay = {
  readonly body?: BodyInit | undefined
  readonly contentType?: string | undefined
  /** What tells it from other bodies, where that is not the body itself. */
  readonly identity?: Blob | undefined
}

/** A request's body, kept so that it can be sent a second time. */
export type KeptBody = {
  /** What to call the first fetch with: the caller's own arguments, unless the body had to be split or encoded. */
  readonly input: Input
  readonly init: Init | undefined
  /**
   * Answers the same bytes again.
   *
   * @throws UnpayableRequestError when they are too many, or cannot be read a second time.
   */
  readonly replay: () => Promise<Replay>
  /** Lets go of what was kept. */
  readonly discard: () => void
}

/** Keeps a body for a second sending; costs nothing where there is none, and copies only what its owner could change. */
export function keepBody(input: Input, init: Init | undefined, maxBytes: number): KeptBody {
  const keep = (body: BodyInit | undefined): KeptBody => ({ input, init, replay: async () => ({ body }), discard })
  const body = init?.body
  if (body === undefined || body === null)
    return isRequestWithBody(input) ? keepRequest(input, init, maxBytes) : keep(undefined)
  if (typeof body === 'string' || body instanceof Blob) return keep(body)
  if (body instanceof URLSearchParams) return keep(new URLSearchParams(body))
  if (body instanceof FormData) return keepForm(input, init, body)
  if (body instanceof ReadableStream) return keepStream(input, init, body, maxBytes)
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return keep(copy(body))
  return { input, init, replay: unreadable, discard }
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

/** A caller may change its buffer while the call is under way; what is sent second must be what was sent first. */
function copy(body: ArrayBuffer | ArrayBufferView): Uint8Array<ArrayBuffer> {
  const view =
    body instanceof ArrayBuffer ? new Uint8Array(body) : new Uint8Array(body.buffer, body.byteOffset, body.byteLength)
  return Uint8Array.from(view)
}

function isRequestWithBody(input: Input): input is Request {
  return input instanceof Request && input.body !== null && !input.bodyUsed
}

function keepRequest(request: Request, init: Init | undefined, maxBytes: number): KeptBody {
  return { input: request, init, ...collect(request.clone().body, maxBytes) }
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
  const identity = encodeForm(form, 'stipend')
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined))
  if (!headers.has('content-type')) headers.set('content-type', contentType)
  return { input, init: { ...init, headers, body }, replay: async () => ({ body, contentType, identity }), discard }
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
