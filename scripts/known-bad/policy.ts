import type { KnownBad } from './known-bad.ts'

/** How rules can be broken. */
export const policyPatches: readonly KnownBad[] = [
  {
    invariant: 'I11',
    breaks: 'a pattern of hosts reaches names that strangers register',
    file: 'src/hosts/pattern.ts',
    find: 'isBelow && (mayBeShared(hostname) || isPublicSuffix(hostname))',
    replace: "isBelow && hostname === 'co.uk'",
    tests: ['test/hosts/pattern.test.ts'],
  },
  {
    invariant: 'I11',
    breaks: 'a star reaches names of strangers that lie deeper below a host',
    file: 'src/policy/rules/hosts.ts',
    find: ' && !isStrangers(url, pattern, isPublicSuffix)',
    replace: '',
    tests: ['test/hosts/public-suffixes.test.ts'],
  },
  {
    invariant: 'I12',
    breaks: 'a yes to an amount replaces the payee that is remembered, too',
    file: 'src/pay/question.ts',
    find: '    allows.map(allowanceKey).toSorted(),\n',
    replace: '    allows.map(allowanceKey).filter(() => false),\n',
    tests: ['test/pay/allowance.test.ts'],
  },
  {
    invariant: 'I12',
    breaks: 'a person is asked for a payment that a limit forbids',
    file: 'src/ledger/reserve.ts',
    find: 'findExceeded(payment, limits, live, now) ??\n    findUnapproved(options, now)',
    replace: 'findUnapproved(options, now) ??\n    findExceeded(payment, limits, live, now)',
    tests: ['test/ledger/contract.test.ts', '-t', 'asked for only where'],
  },
  {
    invariant: 'I11',
    breaks: 'a policy that throws allows',
    file: 'src/policy/engine.ts',
    find: '    return denyAs(isLate(cause)',
    replace: "    if (cause) return { type: 'allow', limits: [] }\n    return denyAs(isLate(cause)",
    tests: ['test/wallet/create-wallet.test.ts', 'test/wallet/within-limits.test.ts'],
  },
  {
    invariant: 'I1',
    breaks: 'a domain holds the budget of all others with payments that it says nothing of',
    file: 'src/policy/built-in-limits.ts',
    find: '...(hasUnderWay || !asks ? [] : [',
    replace: '...(hasUnderWay || asks ? [] : [',
    tests: ['test/policy/built-in-limits.test.ts'],
  },
  {
    invariant: 'I10',
    breaks: 'the order of a server decides between offers at one price',
    file: 'src/pay/judge.ts',
    find: '  const sorted = allowed.toSorted(',
    replace: '  const sorted = ((all: readonly Allowed[], _: unknown) => [...all])(allowed,',
    tests: ['test/pay/judge.test.ts'],
  },
  {
    invariant: 'I10',
    breaks: 'what is quoted is judged by other labels than what is paid',
    file: 'src/pay/create-payer.ts',
    find: 'ownerLabels: ownerLabelsOf(labelsOf(labels)) }',
    replace: 'ownerLabels: {} }',
    tests: ['test/pay/judge.test.ts'],
  },
]
