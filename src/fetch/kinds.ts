/**
 * What the arguments of a fetch are, told by what they can do: those of another library, of another copy of one or of another
 * realm are no instances of the classes that are global here.
 */

/** A stream of Node's own, or one that is made like it. */
export type NodeStream = {
  readonly pipe: <target>(target: target) => target
  readonly on: (name: 'error', listener: (error: Error) => void) => unknown
  readonly destroy?: (() => unknown) | undefined
}

/** Tells whether a value is a `Request`, of whichever make. */
export function isRequest(value: unknown): value is Request {
  return has(value, 'clone') && isText(value, 'url') && isText(value, 'method')
}

/** Tells whether a value is a `Blob` or a `File`. */
export function isBlob(value: unknown): value is Blob {
  return has(value, 'arrayBuffer') && has(value, 'stream') && isText(value, 'type')
}

/** Tells whether a blob is one that this platform's own `Blob` takes in; it would write any other as a word. */
export function isOwnBlob(value: unknown): value is Blob {
  try {
    Blob.prototype.slice.call(value as Blob, 0, 0)
    return true
  } catch {
    return false
  }
}

/** Tells whether a value is a form whose entries can be read. */
export function isForm(value: unknown): value is FormData {
  return has(value, 'append') && has(value, 'entries') && tagOf(value) === 'FormData'
}

/** Tells whether a value is a list of parameters of a URL. */
export function isParams(value: unknown): value is URLSearchParams {
  return has(value, 'append') && has(value, 'sort') && tagOf(value) === 'URLSearchParams'
}

/** Tells whether a value is a stream of the web. */
export function isWebStream(value: unknown): value is ReadableStream<Uint8Array> {
  return has(value, 'getReader') && has(value, 'tee')
}

/** Tells whether a value is a stream of Node. */
export function isNodeStream(value: unknown): value is NodeStream {
  return has(value, 'pipe') && has(value, 'on')
}

/** Tells whether a value gives what it holds one after another, when it is ready. */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

/** Tells whether a value gives what it holds one after another. */
export function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value
}

/** Copies bytes, however they are held; answers nothing where these are none. */
export function copyBytes(value: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (ArrayBuffer.isView(value))
    return Uint8Array.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
  const tag = tagOf(value)
  return tag === 'ArrayBuffer' || tag === 'SharedArrayBuffer'
    ? Uint8Array.from(new Uint8Array(value as ArrayBuffer))
    : undefined
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1)
}

function has<name extends string>(value: unknown, name: name): value is Readonly<Record<name, unknown>> & object {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function'
}

function isText(value: object, name: string): boolean {
  return typeof Reflect.get(value, name) === 'string'
}
