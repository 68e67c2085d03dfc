import { ConfigurationError, KeyStoreLockedError, type StipendError } from '../../errors.js'

const reasons = {
  missing: 'there is none; create: true makes one, under a password',
  exists: 'there is a file already',
  kind: 'it is not a regular file of its own: a symbolic link, a hard link, a pipe or a folder',
  owner: 'it belongs to another user',
  mode: 'others than its owner can read or write it; make it 0600',
  folder: 'others than its owner can write to its folder; make it 0700',
  malformed: 'it is not a key file of this version, or it was changed',
  weak: 'its key derivation is weaker than n=2^17, r=8, p=1',
  costly: 'its key derivation needs more than 512 MiB, or more than 8 passes',
  busy: 'another change of it is under way; if none is, one was cut off: remove the file with .new at its end',
  io: 'the system could not read or write it',
  key: 'it holds no key of the address that is asked for',
  full: 'it would hold more than 64 keys',
  known: 'it holds this key already',
  mismatch: 'its keys are not those of its addresses',
} as const

const locks = {
  password: 'the password is wrong, or the file was changed',
  locked: 'unlock it first',
  idle: 'it was not used for a while; unlock it again',
  none: 'it needs a password',
  ended: 'its worker has ended',
} as const

/** Why a key file cannot be used, as a word that can cross to another thread with nothing of the file in it. */
export type KeyFileProblem = keyof typeof reasons | keyof typeof locks | 'refused'

/** Writes the error of a problem; what the system said is not repeated, for it names paths. */
export function keyFileError(problem: KeyFileProblem): StipendError {
  if (problem === 'refused') return new ConfigurationError('Failed to sign: the data is no payment by this key')
  if (problem in locks) return new KeyStoreLockedError(locks[problem as keyof typeof locks])
  return new ConfigurationError(`Failed to use the key file: ${reasons[problem as keyof typeof reasons]}`)
}

/** Finds the problem that an error of `keyFileError` was written for. */
export function problemOf(error: unknown): KeyFileProblem | undefined {
  const message = error instanceof Error ? error.message : undefined
  const all = ['refused', ...Object.keys(reasons), ...Object.keys(locks)] as readonly KeyFileProblem[]
  return all.find((problem) => keyFileError(problem).message === message)
}
