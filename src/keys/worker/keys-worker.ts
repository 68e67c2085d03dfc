import { loadBuiltin } from '../../lib/node-builtin.js'
import { serve } from './service.js'

// The program of `workerSigner`, run in a thread or in a process of its own.
const { parentPort } = loadBuiltin('node:worker_threads')
const own = loadBuiltin('node:process')

if (parentPort) {
  serve({
    listen: (listener) => parentPort.on('message', listener),
    post: (reply) => parentPort.postMessage(reply, []),
  })
} else {
  own.on('disconnect', () => own.exit())
  serve({
    listen: (listener) => own.on('message', listener),
    post: (reply) => own.send?.(reply),
  })
}
