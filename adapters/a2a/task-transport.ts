import { getPayment, type ResponsePayment } from 'stipend'
import { type A2AClient, type Answer, send, type SendParams, type SendSettings } from './client.js'
import { type Asked, readAsked, readPayment, writeAnswer, writeChallenge, writePaid } from './messages.js'

const payments = new WeakMap<object, ResponsePayment>()

/** Answers the payment that a task or a message was bought with, or `undefined` when it was not paid for. */
export function getTaskPayment(answer: object): ResponsePayment | undefined {
  return payments.get(answer)
}

type Calling = { readonly client: A2AClient; readonly params: SendParams; readonly settings: SendSettings }

type TaskTransport = {
  /** Answers the first time what the agent has asked already, and sends it the payment after that. */
  readonly fetch: typeof globalThis.fetch
  /** Hands over what a response stands for. */
  readonly hand: (response: Response) => Answer
}

/** Stands between the fetch that pays and an agent, and translates. */
export function createTaskTransport(
  first: { readonly answer: Answer; readonly asked: Asked },
  { client, params, settings }: Calling,
): TaskTransport {
  const answers = new WeakMap<Response, Answer>()
  return {
    fetch: async (_url, init) => {
      const payment = readPayment(new Headers(init?.headers))
      const signal = init?.signal ?? undefined
      const paid = (): Promise<Answer> => send(client, writePaid(params, first.asked, payment), { ...settings, signal })
      const answer = payment === undefined ? first.answer : await paid()
      const asked = readAsked(answer)
      const response = asked?.offer === undefined ? writeAnswer(answer) : writeChallenge(asked)
      answers.set(response, answer)
      return response
    },
    hand: (response) => {
      const answer = answers.get(response) ?? first.answer
      const payment = getPayment(response)
      if (payment) payments.set(answer, payment)
      return answer
    },
  }
}
