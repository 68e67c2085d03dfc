/** The points of a purchase at which a process of the tests kills itself. */
export const killPoints = [
  'before the reservation',
  'after the reservation',
  'before the key is used',
  'after the key was used',
  'before the payment is sent',
  'after the answer came',
  'before the outcome is recorded',
  'after the outcome was recorded',
] as const

/** One of them. */
export type KillPoint = (typeof killPoints)[number]
