import { ConfigurationError } from '../../errors.js'
import { loadBuiltin } from '../../lib/node-builtin.js'
import type { Envelope, WorkerReply } from './channel.js'

/** Where keys are used: in a thread with a heap of its own, or in a process of its own, which nothing here can read. */
export type Isolation = 'thread' | 'process'

/** The agent's end of the channel. */
export type Link = {
  readonly post: (envelope: Envelope) => void
  /** Keeps this process alive while an answer is awaited, and only then. */
  readonly keepAlive: (isNeeded: boolean) => void
  readonly end: () => void
}

/** Who hears of what comes back, and of the end. */
export type LinkListener = {
  readonly reply: (reply: WorkerReply) => void
  readonly ended: () => void
}

/** Starts the worker. It gets nothing of the environment, which may hold secrets. */
export function startLink(isolation: Isolation, listener: LinkListener): Link {
  const program = findProgram()
  return isolation === 'thread' ? startThread(program, listener) : startProcess(program, listener)
}

/** A program of its own beside this file. From source it is source too, and needs the loader that this process has. */
type Program = { readonly url: URL; readonly isSource: boolean }

/**
 * Finds the worker's program when it is needed: a bundle has this code in it, but neither that file nor always a place
 * of its own.
 */
function findProgram(): Program {
  const here = (import.meta as { readonly url?: string | undefined }).url
  const isSource = here?.endsWith('.ts') === true
  const { existsSync } = loadBuiltin('node:fs')
  const url = here === undefined ? undefined : new URL(isSource ? './keys-worker.ts' : './keys-worker.js', here)
  if (url?.protocol === 'file:' && existsSync(url)) return { url, isSource }
  throw new ConfigurationError('Failed to start the worker of the keys: its program, keys-worker.js, is not there', {
    details: [
      'This code runs from a bundle. Leave stipend out of it (with esbuild: --external:stipend), or copy',
      'node_modules/stipend/dist/keys-worker.js and the files that it imports beside the bundle of ES modules.',
    ],
  })
}

function startThread({ url, isSource }: Program, { reply, ended }: LinkListener): Link {
  const { Worker } = loadBuiltin('node:worker_threads')
  const worker = new Worker(url, { env: {}, ...(isSource ? {} : { execArgv: [] }) })
  worker.on('message', reply)
  worker.on('error', ended)
  worker.on('exit', ended)
  return {
    post: (envelope) => worker.postMessage(envelope, []),
    keepAlive: (isNeeded) => (isNeeded ? worker.ref() : worker.unref()),
    end: () => void worker.terminate(),
  }
}

function startProcess({ url, isSource }: Program, { reply, ended }: LinkListener): Link {
  const { fork } = loadBuiltin('node:child_process')
  const child = fork(loadBuiltin('node:url').fileURLToPath(url), [], {
    env: {},
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    ...(isSource ? {} : { execArgv: [] }),
  })
  child.on('message', (message) => reply(message as WorkerReply))
  child.on('error', ended)
  child.on('exit', ended)
  return {
    post: (envelope) => child.send(envelope, (error) => error && ended()),
    keepAlive: (isNeeded) => {
      for (const one of [child, child.channel])
        if (isNeeded) one?.ref()
        else one?.unref()
    },
    end: () => child.kill('SIGKILL'),
  }
}
