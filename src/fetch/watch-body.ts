import { isWebStream } from './kinds.js'

/** What a reader of a body is told to do when it breaks off; awaited before the reader hears of it. */
type OnBroken = () => Promise<unknown>

const readers = ['arrayBuffer', 'blob', 'bytes', 'json', 'text'] as const

/**
 * Notices when the body of a response breaks off before its end. The response stays the object that it was, and is read as
 * before; nothing is read ahead, and nothing is copied.
 */
export function watchBody(response: Response, onBroken: OnBroken): Response {
  // What is no stream of the web is another make's own: its reader notices what breaks off, and we do not.
  if (!isWebStream(response.body)) return response
  // A clone gives the response another stream in place of the one it had.
  const source = (): ReadableStream<Uint8Array> => Reflect.get(Object.getPrototypeOf(response), 'body', response)
  let watched: ReadableStream<Uint8Array> | undefined
  const own = (name: string, value: unknown) => Object.defineProperty(response, name, { value, configurable: true })
  Object.defineProperty(response, 'body', {
    get: () => (watched ??= watchStream(source, onBroken)),
    configurable: true,
  })
  for (const name of readers) {
    const read: (() => Promise<unknown>) | undefined = response[name]?.bind(response)
    if (read) own(name, () => readWhole(read, response, onBroken))
  }
  const { headers } = response
  const clone = response.clone.bind(response)
  // Reading a form fails for a bad form as it does for a bad connection: its bytes are read first.
  own('formData', async () => new Response(await response.arrayBuffer(), { headers }).formData())
  own('clone', () => watchBody(clone(), onBroken))
  return response
}

async function readWhole(read: () => Promise<unknown>, response: Response, onBroken: OnBroken): Promise<unknown> {
  const { bodyUsed } = response
  try {
    return await read()
  } catch (error) {
    // A body that was read before, or is no JSON, is none that broke off.
    if (!bodyUsed && !(error instanceof SyntaxError)) await onBroken()
    throw error
  }
}

/** Takes the stream's reader when it is first read from, so that looking at `body` locks nothing. */
function watchStream(source: () => ReadableStream<Uint8Array>, onBroken: OnBroken): ReadableStream<Uint8Array> {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  return new ReadableStream({
    type: 'bytes',
    pull: async (controller) => {
      reader ??= source().getReader()
      const chunk = await reader.read().catch(async (error: unknown) => {
        await onBroken()
        throw error
      })
      if (!chunk.done) return controller.enqueue(detachable(chunk.value))
      controller.close()
      controller.byobRequest?.respond(0)
    },
    cancel: (reason) => (reader ?? source()).cancel(reason),
  })
}

/** A stream of bytes takes over a chunk's buffer, which may be shared with others. */
function detachable(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = chunk
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === chunk.byteLength
  return isWhole ? new Uint8Array(buffer) : Uint8Array.from(chunk)
}
