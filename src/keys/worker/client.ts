import { ConfigurationError } from '../../errors.js'
import { keyFileError } from '../file/key-file-error.js'
import type { WorkerReply, WorkerRequest } from './channel.js'
import { type Isolation, type Link, startLink } from './link.js'

/** Asks a worker, and ends it. */
export type Client = {
  readonly ask: (request: WorkerRequest) => Promise<unknown>
  readonly close: () => void
}

/** Creates the client of a worker, which is started by the first question and told first of all what to open. */
export function createClient(isolation: Isolation, open: WorkerRequest): Client {
  const questions = createQuestions()
  let link: Link | undefined
  let isEnded = false
  const ended = (): void => {
    isEnded = true
    questions.rejectAll()
  }
  const settle = (reply: WorkerReply): void => {
    questions.settle(reply)
    if (questions.isEmpty()) link?.keepAlive(false)
  }
  const post = (to: Link, request: WorkerRequest): Promise<unknown> => {
    const { id, answer } = questions.add()
    to.keepAlive(true)
    try {
      to.post({ id, request })
    } catch {
      // Data that cannot be copied did not leave.
      settle({ id, problem: 'refused' })
    }
    return answer
  }
  return {
    ask: async (request) => {
      if (isEnded) throw keyFileError('ended')
      if (link) return post(link, request)
      link = startLink(isolation, { reply: settle, ended })
      await post(link, open)
      return post(link, request)
    },
    close: () => {
      ended()
      link?.end()
    },
  }
}

type Questions = {
  readonly add: () => { readonly id: number; readonly answer: Promise<unknown> }
  readonly settle: (reply: WorkerReply) => void
  readonly rejectAll: () => void
  readonly isEmpty: () => boolean
}

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void }

/** Numbers questions and finds who asked them. */
function createQuestions(): Questions {
  const waiting = new Map<number, Waiting>()
  let last = 0
  return {
    add: () => {
      last += 1
      const id = last
      return { id, answer: new Promise((resolve, reject) => waiting.set(id, { resolve, reject })) }
    },
    settle: (reply) => {
      const asker = waiting.get(reply.id)
      waiting.delete(reply.id)
      if ('problem' in reply) asker?.reject(errorOf(reply.problem))
      else asker?.resolve(reply.value)
    },
    rejectAll: () => {
      for (const { reject } of waiting.values()) reject(keyFileError('ended'))
      waiting.clear()
    },
    isEmpty: () => waiting.size === 0,
  }
}

function errorOf(problem: Extract<WorkerReply, { readonly problem: string }>['problem']): Error {
  if (problem !== 'failed') return keyFileError(problem)
  return new ConfigurationError('Failed to use the key file: its worker failed')
}
