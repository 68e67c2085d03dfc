import type { AgentWallet, Events } from 'stipend'
import { sleep } from '../../../src/lib/deadline.js'

/** What the page shows changes with these; of the rest it hears at the next tick. */
const names: readonly (keyof Events)[] = [
  'payment.authorized',
  'payment.settled',
  'payment.unknown',
  'payment.released',
  'payment.confirmed',
  'payment.expired',
  'payment.cancelled',
  'payment.denied',
  'approval.requested',
  'approval.decided',
  'wallet.frozen',
  'wallet.unfrozen',
  'session.revoked',
  'policy.changed',
]
/** What other processes do at the same ledger is seen this late. */
const tickMs = 5000

/**
 * Streams a server-sent event whenever the wallet does something, and every few seconds, until the reader is gone or is not
 * signed in any more. An event says nothing but that: the page asks for what it shows.
 */
export function streamEvents({ on }: Pick<AgentWallet, 'on'>, isSignedIn: () => boolean): Response {
  const encoder = new TextEncoder()
  const state = { isOpen: true, stop: () => {} }
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      const send = (event: 'change' | 'tick'): void => {
        // A reader that does not read is told of the last change only.
        if (state.isOpen && (controller.desiredSize ?? 0) > -8) {
          controller.enqueue(encoder.encode(`event: ${event}\ndata: {}\n\n`))
        }
      }
      const stops = names.map((name) => on(name, () => send('change')))
      state.stop = () => {
        state.isOpen = false
        for (const stop of stops) stop()
      }
      send('tick')
      void endOf(state, { send, isSignedIn }, controller)
    },
    cancel: () => state.stop(),
  })
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
  })
}

async function endOf(
  state: { readonly isOpen: boolean; readonly stop: () => void },
  { send, isSignedIn }: { readonly send: (event: 'tick') => void; readonly isSignedIn: () => boolean },
  controller: ReadableStreamDefaultController<Uint8Array>,
): Promise<void> {
  while (state.isOpen && isSignedIn()) {
    await sleep(tickMs)
    send('tick')
  }
  if (!state.isOpen) return
  state.stop()
  controller.close()
}
