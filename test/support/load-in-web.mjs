/**
 * Loads bundles of ES modules in a world that has what the web has and nothing of Node, and prints what each exports, what
 * of the platform it called while it was loaded, and what came of the lines that are to be run with it.
 */
import { readFileSync } from 'node:fs'
import vm from 'node:vm'

const globals = [
  ...['AbortController', 'AbortSignal', 'Blob', 'CompressionStream', 'DecompressionStream', 'DOMException', 'Event'],
  ...['EventTarget', 'File', 'FormData', 'Headers', 'MessageChannel', 'ReadableStream', 'Request', 'Response'],
  ...['TextDecoder', 'TextEncoder', 'TransformStream', 'URL', 'URLSearchParams', 'WebSocket', 'WritableStream'],
]
const functions = ['atob', 'btoa', 'fetch', 'queueMicrotask', 'setInterval', 'setTimeout', 'structuredClone']

function createWorld(calls) {
  const watch =
    (owner, name) =>
    (...given) => {
      calls.push(name)
      return owner[name](...given)
    }
  const world = {
    ...Object.fromEntries(globals.map((name) => [name, globalThis[name]])),
    ...Object.fromEntries(functions.map((name) => [name, watch(globalThis, name)])),
    clearInterval,
    clearTimeout,
    crypto: {
      subtle: crypto.subtle,
      getRandomValues: watch(crypto, 'getRandomValues'),
      randomUUID: watch(crypto, 'randomUUID'),
    },
    performance: { now: watch(performance, 'now') },
    console: { log: watch(console, 'log'), warn: watch(console, 'warn'), error: watch(console, 'error') },
  }
  return vm.createContext(Object.assign(world, { self: world }))
}

async function load(file, line) {
  const calls = []
  const context = createWorld(calls)
  const module = new vm.SourceTextModule(readFileSync(file, 'utf8'), { context, initializeImportMeta: () => {} })
  await module.link((specifier) => {
    throw new TypeError(`it imports ${specifier}`)
  })
  await module.evaluate()
  const loaded = [...calls]
  const said = line === undefined ? undefined : await vm.runInContext(`(${line})`, context)(module.namespace)
  return { exports: Object.keys(module.namespace), calls: loaded, said }
}

const answers = {}
for (const [name, { file, line }] of Object.entries(JSON.parse(process.argv[2] ?? '{}'))) {
  answers[name] = await load(file, line).catch((error) => ({ error: String(error?.stack ?? error) }))
}
process.stdout.write(JSON.stringify(answers))
