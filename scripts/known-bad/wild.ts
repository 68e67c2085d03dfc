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
]
