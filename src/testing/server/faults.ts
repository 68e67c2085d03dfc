/**
 * What a paid resource does wrong with a payment that is good. Where the name starts with `settle-then`, the money is
 * taken first.
 *
 * - `always-402`: asks again as if no payment had come, and takes nothing.
 * - `settle-fails`: says that settling failed (402, v2: a receipt with `success: false` and no `PAYMENT-REQUIRED`),
 *   and takes nothing.
 * - `settle-then-deny`: says the same, and that is a lie.
 * - `settle-then-402`: asks again as if no payment had come.
 * - `settle-then-raise`: asks again, ten times the amount (v2: and would take that too).
 * - `settle-then-500`: answers 500 without a receipt.
 * - `settle-then-redirect`: answers 307 to another origin, `https://elsewhere.invalid/`.
 * - `settle-then-throw`: rejects with a `TypeError`, as `fetch` does when the connection is lost. Behind msw or a real
 *   server, turn the rejection into a network error: `server(request).catch(() => Response.error())`.
 * - `settle-then-hang`: never answers; rejects when the request is aborted.
 * - `settle-then-truncate`: answers 200 with a receipt, and the body breaks off.
 * - `lying-receipt`: delivers, with a receipt that names another payer.
 * - `malformed-receipt`: delivers, with a receipt that cannot be read.
 * - `no-receipt`: delivers, without a receipt.
 */
export type PaidResourceFault =
  | 'always-402'
  | 'settle-fails'
  | 'settle-then-deny'
  | 'settle-then-402'
  | 'settle-then-raise'
  | 'settle-then-500'
  | 'settle-then-redirect'
  | 'settle-then-throw'
  | 'settle-then-hang'
  | 'settle-then-truncate'
  | 'lying-receipt'
  | 'malformed-receipt'
  | 'no-receipt'

/** What a fault can do. */
export type FaultAnswers = {
  readonly request: Request
  /** Asks for a payment. */
  readonly ask: () => Response
  /** Asks for a payment of ten times the amount. */
  readonly raise: () => Response
  /** Delivers, with a receipt about the payment changed in this way, as this header value, or without one. */
  readonly deliver: (receipt: Readonly<Record<string, unknown>> | string | undefined) => Promise<Response>
  /** Says that settling failed. */
  readonly fail: () => Response
}

type Fault = (answers: FaultAnswers) => Response | Promise<Response>

const faults: Readonly<Record<PaidResourceFault, Fault>> = {
  'always-402': ({ ask }) => ask(),
  'settle-fails': ({ fail }) => fail(),
  'settle-then-deny': ({ fail }) => fail(),
  'settle-then-402': ({ ask }) => ask(),
  'settle-then-raise': ({ raise }) => raise(),
  'settle-then-500': () => new Response('Internal Server Error', { status: 500 }),
  'settle-then-redirect': () => Response.redirect('https://elsewhere.invalid/', 307),
  'settle-then-throw': () => Promise.reject(new TypeError('fetch failed')),
  'settle-then-hang': ({ request }) => hang(request.signal),
  'settle-then-truncate': async ({ deliver }) => truncate(await deliver({})),
  'lying-receipt': ({ deliver }) => deliver({ payer: '0x1111111111111111111111111111111111111111' }),
  'malformed-receipt': ({ deliver }) => deliver('not base64, not JSON'),
  'no-receipt': ({ deliver }) => deliver(undefined),
}

/** Tells whether the money is taken all the same. */
export function settles(fault: PaidResourceFault | undefined): boolean {
  return fault !== 'always-402' && fault !== 'settle-fails'
}

/** Answers a payment that is good: as it should be, or as a fault has it. */
export function answer(fault: PaidResourceFault | undefined, answers: FaultAnswers): Response | Promise<Response> {
  return fault === undefined ? answers.deliver({}) : faults[fault](answers)
}

/** Tells whether a name is that of a fault. */
export function isFault(name: string): name is PaidResourceFault {
  return Object.hasOwn(faults, name)
}

function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
  })
}

function truncate(response: Response): Response {
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"ok":')),
    pull: (controller) => controller.error(new TypeError('terminated')),
  })
  return new Response(body, { status: response.status, headers: response.headers })
}
