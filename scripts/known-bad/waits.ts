import type { KnownBad } from './known-bad.ts'

/** How waiting for what is not ours can be broken. */
export const waitsPatches: readonly KnownBad[] = [
  {
    invariant: 'I14',
    breaks: 'a payment that is recorded after the deadline stays in the budget',
    file: 'src/pay/bound-ledger.ts',
    find: '        if (isTooLate(error)) releaseLate(reservation, payment, { ledger, emit })\n',
    replace: '',
    tests: ['test/pay/bound-ledger.test.ts'],
  },
  {
    invariant: 'I14',
    breaks: 'a ledger that does not answer is waited for without end',
    file: 'src/wallet/create-wallet.ts',
    find: 'boundLedger(options.ledger ?? memoryLedger(), { emit })',
    replace: '(options.ledger ?? memoryLedger())',
    tests: ['test/pay/bound-ledger.test.ts'],
  },
  {
    invariant: 'I14',
    breaks: 'an answer that was bought waits for its record',
    file: 'src/pay/create-payer.ts',
    find: "within(deadlines.ledgerOutcome, written, 'the ledger is slow')",
    replace: 'written',
    tests: ['test/pay/create-payer.test.ts'],
  },
  {
    invariant: 'I14',
    breaks: 'an abort before the signature is not obeyed',
    file: 'src/pay/authorize.ts',
    find: 'return await unlessAborted(signal, recording)',
    replace: 'return await recording',
    tests: ['test/fetch/abort.test.ts'],
  },
  {
    invariant: 'I14',
    breaks: 'a payment that is recorded after an abort stays in the budget',
    file: 'src/pay/authorize.ts',
    find: 'recording.then(({ payment }) => release(',
    replace: 'recording.then(({ payment }) => void (',
    tests: ['test/fetch/abort.test.ts'],
  },
  {
    invariant: 'I14',
    breaks: 'the key is asked after an abort',
    file: 'src/pay/sign.ts',
    find: '  if (signal?.aborted) await release(payment, aborted, parts)\n  signal?.throwIfAborted()\n',
    replace: '',
    tests: ['test/fetch/abort.test.ts'],
  },
  {
    invariant: 'I5',
    breaks: 'an abort releases what another program may have signed',
    file: 'src/pay/sign.ts',
    find: 'signer.throwsUnsigned === true && isOver',
    replace: 'isOver',
    tests: ['test/fetch/abort.test.ts'],
  },
  {
    invariant: 'I12',
    breaks: 'a yes that comes after an abort is used',
    file: 'src/pay/approve.ts',
    find: "sentence: 'nobody answered in time', signal }",
    replace: "sentence: 'nobody answered in time' }",
    tests: ['test/fetch/abort.test.ts'],
  },
]
