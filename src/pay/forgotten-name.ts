import { ConfigurationError } from '../errors.js'

/** Refuses a name that nothing keeps, so that what it stands for could be paid once more by another process. */
export function forgottenName(why: string): ConfigurationError {
  return new ConfigurationError('Failed to name the purchase: its name would be forgotten with the process', {
    details: [
      `${why}: after a restart it would be paid again.`,
      'Use a ledger that is kept, such as sqliteLedger, or pay without a key; nothing was signed.',
    ],
  })
}
