/** The name of a setting. */
export type Variable =
  | 'STIPEND_KEY_FILE'
  | 'STIPEND_PASSWORD'
  | 'STIPEND_CREATE_KEY'
  | 'STIPEND_KEY'
  | 'STIPEND_LEDGER'
  | 'STIPEND_HOSTS'
  | 'STIPEND_POLICY'
  | 'STIPEND_PER_PAYMENT_USD'
  | 'STIPEND_DAILY_USD'
  | 'STIPEND_INSTANT_USD'
  | 'STIPEND_SESSION'
  | 'STIPEND_AUDIENCE'
  | 'STIPEND_APPROVALS'
  | 'STIPEND_FACILITATOR'

/** One setting of the program: a variable of its environment. */
export type Setting = {
  readonly name: Variable
  readonly what: string
  readonly needed: string
}

/** Every setting, in the order in which the help lists them. */
export const settings: readonly Setting[] = [
  {
    name: 'STIPEND_KEY_FILE',
    what: 'the path of an encrypted key file',
    needed: 'yes, or STIPEND_KEY',
  },
  { name: 'STIPEND_PASSWORD', what: 'what unlocks the key file', needed: 'with STIPEND_KEY_FILE' },
  {
    name: 'STIPEND_CREATE_KEY',
    what: 'yes makes the key file at the first start, if there is none',
    needed: 'no',
  },
  {
    name: 'STIPEND_KEY',
    what: 'a private key, which every process that sees the environment can read',
    needed: 'instead of a file',
  },
  {
    name: 'STIPEND_LEDGER',
    what: 'the path of the SQLite file that remembers what was spent',
    needed: 'yes',
  },
  {
    name: 'STIPEND_HOSTS',
    what: 'hosts that may be asked and paid, as allowHosts has them, with commas',
    needed: 'yes, or STIPEND_POLICY',
  },
  {
    name: 'STIPEND_POLICY',
    what: 'the path of a policy as data; with other rules, all have to agree',
    needed: 'no',
  },
  { name: 'STIPEND_PER_PAYMENT_USD', what: 'perPaymentUsd of spendingLimit', needed: 'no' },
  { name: 'STIPEND_DAILY_USD', what: 'dailyLimitUsd of spendingLimit', needed: 'no' },
  { name: 'STIPEND_INSTANT_USD', what: 'instantMaxUsd of spendingLimit', needed: 'no' },
  { name: 'STIPEND_SESSION', what: 'the token of a session, which then pays', needed: 'no' },
  { name: 'STIPEND_AUDIENCE', what: 'the audience of that session, if it has one', needed: 'no' },
  {
    name: 'STIPEND_APPROVALS',
    what: 'host lets the person at the host approve what needs a person',
    needed: 'no',
  },
  {
    name: 'STIPEND_FACILITATOR',
    what: 'the URL of a facilitator, in whose list of services the model may search',
    needed: 'no',
  },
]
