/** What is to be reached, as the page has it. */
export type Goal = {
  readonly measure: string
  /** Names in the facts that the bench has found; all of them have to be reached. */
  readonly facts: readonly (readonly [name: string, atMost: number] | readonly [name: string, 'at least', number])[]
  readonly digits?: number
  readonly unit?: string
  /** Where the time or the bytes go, for a row that is not reached. */
  readonly why: string
}

const signing =
  'The default signer signs in JavaScript, as those of the others do, and the rest is more than they do: with the fast signer, in a profile of a warm process, 48 % is our own code, 24 Node’s requests, answers and streams, 19 the signature and hashing, 5 garbage. Of ours no function has more than 4: judging and fixing the payment, two entries of a journal that are hashed, reading both answers. It is also more code, which is compiled later: the ratio is smaller after some thousand calls. Tried: SHA-256 by Node (6 times as fast, 5 % of a call), what is answered is found among the newest (4 %), what is unresolved is found without reading all payments of a request. Left: random bytes are drawn for each call (4 %), since those of a pool would be drawn twice by a process that is copied.'
const size =
  'Two thirds are our own code: the wallet carries sessions, actions, transfers, signing in and both versions of x402, and every sentence that it refuses with, as methods of one object, of which no bundler can leave any out. noble is 57 KB before compression with both curves. The lean entry has a third less.'

/** In the order of the page. */
export const goals: readonly Goal[] = [
  {
    measure: 'paid request, stub, ÷ `@x402/fetch`, default: own / mixed',
    facts: [
      ['stubOwn', 0.85],
      ['stubMixed', 0.95],
    ],
    why: signing,
  },
  {
    measure: 'the same with the fast signer: own / mixed',
    facts: [
      ['stubOwnFast', 0.4],
      ['stubMixedFast', 0.6],
    ],
    why: 'As above.',
  },
  {
    measure: 'HTTP, ÷ `@x402/fetch`: default / payAhead / payAhead and fast',
    facts: [
      ['http', 1],
      ['httpAhead', 0.7],
      ['httpAheadFast', 0.5],
    ],
    why: 'Node’s own fetch takes most of a request on loopback, whichever client asks. Paying ahead saves one of two trips; the rest is as in the rows above.',
  },
  {
    measure: 'passthrough over a bare fetch, stub',
    facts: [['passthroughUs', 1]],
    digits: 1,
    unit: ' µs',
    why: 'The wallet reads the request and the options of the call, and wraps the promise; labels and options that are absent are not read any more, which took a fifth of it.',
  },
  {
    measure: 'trips, terms known',
    facts: [['trips', 1]],
    digits: 0,
    why: 'A payment was not sent with the first request.',
  },
  {
    measure: 'Solana client CPU ÷ official client, RPC 0 / 50 ms',
    facts: [
      ['solana0', 0.35],
      ['solana50', 0.25],
    ],
    why: 'In a profile, 71 % of what our process computes is Node’s fetch, its streams and sockets, for the two trips that both clients make; 23 is ours, 4 garbage, 2 hashing and signing. No call of a node is left in it.',
  },
  {
    measure: 'import above empty',
    facts: [['importMs', 50]],
    digits: 0,
    unit: ' ms',
    why: 'It is 76 files that are found, read and compiled: 50 chunks of this package and 26 files of noble, scure and eventemitter3. One file would be faster; but what entries share has to be one and the same module.',
  },
  {
    measure: 'first payment after import',
    facts: [['firstMs', 30]],
    digits: 0,
    unit: ' ms',
    why: 'Nothing is compiled yet: each function runs for the first time, in the interpreter, that of the signature included.',
  },
  { measure: 'browser, min+gz: whole', facts: [['wholeKb', 45]], digits: 1, unit: ' KB', why: size },
  {
    measure: 'browser, min+gz: lean',
    facts: [['leanKb', 30]],
    digits: 1,
    unit: ' KB',
    why: 'It carries the road from a 402 to a signature whole: judging, recording, renewing and reading answers are 150 KB before compression; noble is 41. Left out are sessions, actions, transfers, reconciling, exports, the first version of x402, ed25519 and the words of BIP-39.',
  },
  {
    measure: 'SQLite, 64 callers ÷ 1; 256 ÷ 1',
    facts: [
      ['SQLite (WAL, FULL) 64', 'at least', 8],
      ['SQLite (WAL, FULL) 256', 'at least', 10],
    ],
    digits: 1,
    why: 'Callers at once share the sync of a commit, and nothing else: where a sync is fast, what each reservation computes is most of it. A single caller has become faster too, which makes the ratio smaller.',
  },
  {
    measure: 'PostgreSQL, 64 ÷ 1',
    facts: [['PostgreSQL 64', 'at least', 5]],
    digits: 1,
    why: 'The server computes a batch on one core, beside the client: with two cores both wait for each other.',
  },
  {
    measure: 'SQLite with many payments: open',
    facts: [['sqliteOpenMs', 1000]],
    digits: 0,
    unit: ' ms',
    why: 'Opening adds up what counts in each window that is limited.',
  },
  {
    measure: 'SQLite with many payments: reserve p50 ÷ at 10³',
    facts: [['sqliteReserve', 1.5]],
    why: 'An index over random names is deeper, and its pages are spread: more of them are written for each payment.',
  },
  {
    measure: 'SQLite with many payments: list by scope',
    facts: [['sqliteListMs', 20]],
    digits: 2,
    unit: ' ms',
    why: 'A list by scope walks its index.',
  },
  {
    measure: 'memory ledger with many payments: list(10) / refusal',
    facts: [
      ['memoryListMs', 1],
      ['memoryRefuseMs', 1],
    ],
    digits: 3,
    unit: ' ms',
    why: 'A refusal looks for the instant at which the payment fits.',
  },
  {
    measure: '1,000 at once: rise of memory',
    facts: [['crowdMb', 130]],
    digits: 0,
    unit: ' MB',
    why: 'A thousand connections of Node’s fetch are most of it, as the rise of the client by hand shows; ours holds a request, its terms and its record besides. `maxInFlight` bounds it.',
  },
  {
    measure: '1,000 at once: CPU ÷ `@x402/fetch`',
    facts: [['crowdCpu', 0.9]],
    why: 'As for one request: in a profile of it, 22 % is signing, and the rest is spread thin.',
  },
]

type Facts = Readonly<Record<string, number>>

/** With `--only`, most is not. */
function isMeasured(goal: Goal, facts: Facts): boolean {
  return goal.facts.every(([name]) => name in facts)
}

/** Answers the rows of the page's first table, and why those that were not reached were not. */
export function compareWith(facts: Facts): {
  readonly rows: readonly (readonly string[])[]
  readonly missed: readonly Goal[]
} {
  const judged = goals.map((goal) => ({ goal, isReached: goal.facts.every((fact) => isReached(fact, facts)) }))
  return {
    rows: judged.map(({ goal, isReached: reached }) => [
      ...toCells(goal, facts),
      isMeasured(goal, facts) ? (reached ? 'reached' : '**not reached**') : 'not measured',
    ]),
    missed: judged.filter((one) => !one.isReached).map(({ goal }) => goal),
  }
}

function isReached([name, bound, least]: Goal['facts'][number], facts: Facts): boolean {
  const found = facts[name] ?? Number.NaN
  return bound === 'at least' ? found >= Number(least) : found <= bound
}

function toCells({ measure, facts: wanted, digits = 2, unit = '' }: Goal, facts: Facts): readonly string[] {
  const reach = wanted.map(([, bound, least]) => (bound === 'at least' ? `≥ ${least}` : `≤ ${bound}`)).join(' / ')
  const found = wanted.map(([name]) => (Number.isFinite(facts[name]) ? facts[name]?.toFixed(digits) : '–')).join(' / ')
  return [measure, reach + unit, found + unit]
}
