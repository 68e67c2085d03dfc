import type { Entry } from './wire.js'

/** What a fault can answer a payment that is good with. */
export type AnswerScene = {
  readonly request: Request
  /** How often this payment came before. */
  readonly earlier: number
  /** Asks for a payment, this many times the price. */
  readonly ask: (times?: bigint) => Response
  /** Delivers, with a receipt that differs so, with this text for one, or without any. */
  readonly deliver: (receipt: Entry | string | undefined) => Promise<Response>
  /** Says that settling failed, for this reason. */
  readonly fail: (reason: string) => Response
  /** Lets time pass until the payment is worth nothing. */
  readonly outlive: () => void
}

export type AnswerFault = {
  /** Whether the money is taken. */
  readonly settles: boolean
  readonly answer: (scene: AnswerScene) => Response | Promise<Response>
}

const failed = 'transaction_failed'
const forged = { payer: '0x1111111111111111111111111111111111111111', transaction: `0x${'de'.repeat(32)}` }

/** The name of what a server can do wrong with a payment that is good. */
export type AnswerFaultName =
  | 'settle-then-drop'
  | 'settle-then-500'
  | 'settle-then-402'
  | 'settle-then-raise'
  | 'settle-then-deny'
  | 'settle-then-redirect'
  | 'settle-then-hang'
  | 'settlement-pending'
  | 'settle-fails'
  | 'never-settle'
  | 'endless-402'
  | 'slow-answer'
  | 'broken-off-body'
  | 'forged-receipt'
  | 'odd-receipt'
  | 'no-receipt'

/** What a server can do wrong with a payment that is good. */
export const answers: Readonly<Record<AnswerFaultName, AnswerFault>> = {
  'settle-then-drop': settles(() => Promise.reject(new TypeError('fetch failed'))),
  'settle-then-500': settles(() => new Response('Internal Server Error', { status: 500 })),
  'settle-then-402': settles(({ ask }) => ask()),
  'settle-then-raise': settles(({ ask }) => ask(10n)),
  'settle-then-deny': settles(({ fail }) => fail(failed)),
  'settle-then-redirect': settles(() => Response.redirect('https://elsewhere.invalid/', 307)),
  'settle-then-hang': settles(({ request }) => hang(request.signal)),
  'settlement-pending': settles(({ earlier, deliver, fail }) =>
    earlier > 0 ? deliver({}) : fail('settlement_pending'),
  ),
  'settle-fails': takesNothing(({ fail }) => fail(failed)),
  'never-settle': takesNothing(({ deliver }) => deliver({})),
  'endless-402': takesNothing(({ ask }) => ask()),
  'slow-answer': settles(({ outlive, deliver }) => {
    outlive()
    return deliver({})
  }),
  'broken-off-body': settles(async ({ deliver }) => breakOff(await deliver({}))),
  'forged-receipt': settles(({ deliver }) => deliver(forged)),
  'odd-receipt': settles(({ deliver }) => deliver('not base64, not JSON')),
  'no-receipt': settles(({ deliver }) => deliver(undefined)),
}

/** What is done without a fault. */
const well: AnswerFault = settles(({ deliver }) => deliver({}))

/** Answers what a fault does, or what is done without one. */
export function faultOf(name: AnswerFaultName | undefined): AnswerFault {
  return name === undefined ? well : answers[name]
}

/** Tells whether a name is that of a fault. */
export function isAnswerFault(name: string): name is AnswerFaultName {
  return Object.hasOwn(answers, name)
}

function settles(answer: AnswerFault['answer']): AnswerFault {
  return { settles: true, answer }
}

function takesNothing(answer: AnswerFault['answer']): AnswerFault {
  return { settles: false, answer }
}

function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
  })
}

function breakOff({ status, headers }: Response): Response {
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"ok":')),
    pull: (controller) => controller.error(new TypeError('terminated')),
  })
  return new Response(body, { status, headers })
}
