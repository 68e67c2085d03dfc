import type { KnownBad } from './known-bad.ts'

/** How dealing with what servers, clients and clocks really do can be broken. */
export const wildPatches: readonly KnownBad[] = [
  {
    invariant: 'I1',
    breaks: 'an authorization is signed and counted that is over when the server has it',
    file: 'src/pay/prepare.ts',
    find: '    if (why) continue\n',
    replace: '',
    tests: ['test/pay/fits-window.test.ts'],
  },
  {
    invariant: 'I1',
    breaks: 'a signature that comes when its time is over is sent',
    file: 'src/pay/sign-in-time.ts',
    find: '  if (comesInTime(first.payment, { request, context })) return first\n',
    replace: '  if (first) return first\n',
    tests: ['test/pay/fits-window.test.ts'],
  },
  {
    invariant: 'I5',
    breaks: 'a late signature of another program is released',
    file: 'src/pay/sign.ts',
    find: '{ isKeyUnused: signer.throwsUnsigned === true, note: reason }',
    replace: '{ isKeyUnused: true, note: reason }',
    tests: ['test/pay/fits-window.test.ts'],
  },
  {
    invariant: 'I2',
    breaks: 'a late signature is made anew where each signature is a payment of its own',
    file: 'src/pay/sign-in-time.ts',
    find: '  if (!allowed.scheme.atMostOnce) throw await drop()\n',
    replace: '',
    tests: ['test/pay/fits-window.test.ts'],
  },
  {
    invariant: 'I5',
    breaks: 'a late signature of another program is forgotten when the one in its place is refused',
    file: 'src/pay/sign-in-time.ts',
    find: 'presentations: payment.presentations + 1 }',
    replace: 'presentations: payment.presentations }',
    tests: ['test/pay/late-signature.test.ts'],
  },
  {
    invariant: 'I5',
    breaks: 'a payment that another call has sent is renewed as if nobody had, and released',
    file: 'src/ledger/memory.ts',
    find: 'keep(replaced ? renewPayment(replaced, payment) : payment)',
    replace: 'keep(payment)',
    tests: ['test/pay/late-signature.test.ts'],
  },
  {
    invariant: 'I1',
    breaks: 'what is signed anew on another day goes beyond a limit of that day that nobody let it go beyond',
    file: 'src/pay/renew.ts',
    find: '!isSoft(limit) || !countsIn(limit, known, now)',
    replace: '!isSoft(limit)',
    tests: ['test/pay/renew.test.ts'],
  },
  {
    invariant: 'I6',
    breaks: 'a transfer of nothing, which any stranger can log, freezes the wallet',
    file: 'src/reconcile/unexplained.ts',
    find: 'seen.transfers.filter((transfer) => transfer.amount !== 0n)',
    replace: 'seen.transfers',
    tests: ['test/reconcile/unexplained.test.ts'],
  },
]
