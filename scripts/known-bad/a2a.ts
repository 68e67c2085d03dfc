import type { KnownBad } from './known-bad.ts'

/** How an agent can make another pay for what it should not. */
export const a2aPatches: readonly KnownBad[] = [
  {
    invariant: 'I9',
    breaks: 'a task is paid that does not wait for a payment',
    file: 'adapters/a2a/messages.ts',
    find: "metadata[keys.status] !== 'payment-required' || !isIn(status?.state, states.waiting)",
    replace: "metadata[keys.status] !== 'payment-required'",
    tests: ['test/a2a/with-payments.test.ts', '-t', 'asks nothing'],
  },
  {
    invariant: 'I10',
    breaks: 'an agent is judged by another URL than messages are sent to',
    file: 'adapters/a2a/agent-url.ts',
    find: 'if (reached && named && reached !== named)',
    replace: 'if (reached === agent && reached !== named)',
    tests: ['test/a2a/with-payments.test.ts', '-t', 'by where messages are sent to'],
  },
  {
    invariant: 'I2',
    breaks: 'a message that is sent again in another order is another purchase',
    file: 'adapters/a2a/with-payments.ts',
    find: 'body: wireJson(message)',
    replace: 'body: JSON.stringify(message)',
    tests: ['test/a2a/with-payments.test.ts'],
  },
  {
    invariant: 'I2',
    breaks: 'a message that is sent again is another purchase, since it has another id',
    file: 'adapters/a2a/with-payments.ts',
    find: 'const { messageId: _, ...message } = params.message ?? {}',
    replace: 'const message = params.message ?? {}',
    tests: ['test/a2a/with-payments.test.ts', '-t', 'answer is lost'],
  },
  {
    invariant: 'I10',
    breaks: "a message carries a payment of the caller's beside ours",
    file: 'adapters/a2a/with-payments.ts',
    find: 'Object.values(keys).some((key) => Object.hasOwn(metadata, key))',
    replace: 'metadata === params',
    tests: ['test/a2a/with-payments.test.ts', '-t', 'caller’s own'],
  },
]
