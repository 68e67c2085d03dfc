import { isStipendError } from '../../errors.js'
import { loadBuiltin } from '../../lib/node-builtin.js'
import { keyFileError, type KeyFileProblem } from './key-file-error.js'

const maxFileBytes = 65_536

/**
 * Reads a key file, unless others can read it too or it is not a plain file of its own. What is checked is what is
 * read: the checks are of the opened file and not of its name.
 *
 * @throws ConfigurationError when there is none, or when it is not as it should be.
 */
export function readPrivateFile(path: string): string {
  const fs = loadBuiltin('node:fs')
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = fs.constants
  // Not to wait for who writes to a pipe. What a system lacks is undefined, and adds nothing.
  const file = attempt(() => fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK))
  try {
    const found = fs.fstatSync(file)
    const problem = problemOfFile(found)
    if (problem) throw keyFileError(problem)
    return attempt(() => fs.readFileSync(file, 'utf8'))
  } finally {
    fs.closeSync(file)
  }
}

type Found = {
  readonly mode: number
  readonly uid: number
  readonly nlink: number
  readonly size: number
  readonly isFile: () => boolean
}

function problemOfFile(found: Found): KeyFileProblem | undefined {
  if (!found.isFile() || found.nlink > 1) return 'kind'
  if (found.size > maxFileBytes) return 'malformed'
  if (!hasModes()) return undefined
  if (found.uid !== process.getuid?.()) return 'owner'
  return found.mode & 0o077 ? 'mode' : undefined
}

/** Tells whether there is a file, or anything else, of this name. */
export function isThere(path: string): boolean {
  const fs = loadBuiltin('node:fs')
  return attempt(() => fs.lstatSync(path, { throwIfNoEntry: false })) !== undefined
}

/**
 * Writes a new key file, for its owner only, in a folder that is the owner's only. It does not return before the disk
 * has it.
 *
 * @throws ConfigurationError when there is anything of this name already.
 */
export function createPrivateFile(path: string, text: string): void {
  prepareFolder(path)
  write(path, text)
  syncFolder(path)
}

/**
 * Replaces a key file by what is made of it: whole or not at all, whenever the power goes. The new file's name keeps
 * two changes from being made at once.
 *
 * @throws ConfigurationError when another change is under way.
 */
export async function replacePrivateFile(path: string, change: (text: string) => Promise<string>): Promise<void> {
  const fs = loadBuiltin('node:fs')
  const next = `${path}.new`
  prepareFolder(path)
  if (isThere(next)) throw keyFileError('busy')
  const claim = attempt(() => fs.openSync(next, newFile(), 0o600), 'busy')
  try {
    try {
      fs.writeFileSync(claim, await change(readPrivateFile(path)))
      fs.fsyncSync(claim)
    } finally {
      fs.closeSync(claim)
    }
    fs.renameSync(next, path)
  } catch (error) {
    fs.rmSync(next, { force: true })
    throw isStipendError(error) ? error : keyFileError('io')
  }
  syncFolder(path)
}

function write(path: string, text: string): void {
  const fs = loadBuiltin('node:fs')
  const file = attempt(() => fs.openSync(path, newFile(), 0o600))
  try {
    fs.writeFileSync(file, text)
    fs.fsyncSync(file)
  } catch {
    fs.rmSync(path, { force: true })
    throw keyFileError('io')
  } finally {
    fs.closeSync(file)
  }
}

function newFile(): number {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = loadBuiltin('node:fs').constants
  return O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
}

/** Makes the folder for its owner only; one that is there may be read by others, but not written to. */
function prepareFolder(path: string): void {
  const fs = loadBuiltin('node:fs')
  const folder = loadBuiltin('node:path').dirname(path)
  attempt(() => fs.mkdirSync(folder, { recursive: true, mode: 0o700 }))
  if (hasModes() && attempt(() => fs.statSync(folder)).mode & 0o022) throw keyFileError('folder')
}

/** A new name is on the disk only once its folder is. */
function syncFolder(path: string): void {
  if (!hasModes()) return
  const fs = loadBuiltin('node:fs')
  const folder = attempt(() => fs.openSync(loadBuiltin('node:path').dirname(path), fs.constants.O_RDONLY))
  try {
    attempt(() => fs.fsyncSync(folder))
  } finally {
    fs.closeSync(folder)
  }
}

/** Windows has other means, which Node does not show. */
function hasModes(): boolean {
  return loadBuiltin('node:process').platform !== 'win32'
}

const problems: Readonly<Record<string, KeyFileProblem>> = {
  ENOENT: 'missing',
  EEXIST: 'exists',
  ELOOP: 'kind',
  EISDIR: 'kind',
  ENXIO: 'kind',
}

function attempt<result>(call: () => result, exists: KeyFileProblem = 'exists'): result {
  try {
    return call()
  } catch (error) {
    const problem = problems[String((error as { readonly code?: unknown }).code)] ?? 'io'
    throw keyFileError(problem === 'exists' ? exists : problem)
  }
}
