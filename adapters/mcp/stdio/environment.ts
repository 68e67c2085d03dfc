import { ConfigurationError } from 'stipend'
import { settings, type Variable } from './known-settings.js'

/** What the environment says, with each value under the name of its variable. */
export type Settings = Readonly<Partial<Record<Variable, string>>> & { readonly STIPEND_LEDGER: string }

/** Those that name a file. */
const paths: readonly string[] = ['STIPEND_KEY_FILE', 'STIPEND_LEDGER', 'STIPEND_POLICY']

/** What no other process, and no other code of this one, is to find in the environment. */
const secrets: readonly Variable[] = ['STIPEND_KEY', 'STIPEND_PASSWORD', 'STIPEND_SESSION']

/**
 * Takes the settings from an environment, and the secrets out of it, whatever else is wrong.
 *
 * @throws ConfigurationError naming the variable, and never the value, where one is missing, unknown or contradicts.
 */
export function takeSettings(environment: Record<string, string | undefined>): Settings {
  const found = Object.fromEntries(
    Object.entries(environment).filter(([name, value]) => name.startsWith('STIPEND_') && value !== undefined),
  ) as Partial<Record<Variable, string>>
  for (const secret of secrets) delete environment[secret]
  const unknown = Object.keys(found).find((name) => !settings.some((known) => known.name === name))
  if (unknown !== undefined) throw wrong(unknown, 'is not known')
  for (const [name, value] of Object.entries(found)) checkText(name, value)
  return check(found)
}

/** What was meant is not guessed: without its session, say, the whole wallet would pay. */
function checkText(name: string, value: string): void {
  if (value.trim() === '') throw wrong(name, 'is empty: give it a value, or take it out')
  if (/^\$\{[^}]*\}$/.test(value) || (paths.includes(name) && /^\$|^%[^%]+%/.test(value))) {
    throw wrong(name, 'is not filled in: no shell has put a value in the place of the variable in it')
  }
  if (paths.includes(name) && value.startsWith('~')) {
    throw wrong(name, 'begins with ~, which only a shell expands: write the whole path')
  }
}

function check(found: Partial<Record<Variable, string>>): Settings {
  const { STIPEND_KEY, STIPEND_KEY_FILE, STIPEND_PASSWORD, STIPEND_LEDGER, STIPEND_APPROVALS } = found
  if (STIPEND_KEY === undefined && STIPEND_KEY_FILE === undefined) {
    throw wrong('STIPEND_KEY_FILE', 'is missing, and STIPEND_KEY too')
  }
  if (STIPEND_KEY !== undefined && STIPEND_KEY_FILE !== undefined)
    throw wrong('STIPEND_KEY', 'is there twice: STIPEND_KEY_FILE')
  if (found.STIPEND_CREATE_KEY !== undefined && found.STIPEND_CREATE_KEY !== 'yes')
    throw wrong('STIPEND_CREATE_KEY', 'can only be yes')
  if (found.STIPEND_CREATE_KEY !== undefined && STIPEND_KEY_FILE === undefined)
    throw wrong('STIPEND_CREATE_KEY', 'is of a key file, and STIPEND_KEY_FILE is missing')
  if (STIPEND_KEY_FILE !== undefined && STIPEND_PASSWORD === undefined) throw wrong('STIPEND_PASSWORD', 'is missing')
  // A host restarts its servers as it likes: limits that a restart forgets are none.
  if (STIPEND_LEDGER === undefined)
    throw wrong('STIPEND_LEDGER', 'is missing: the path of the file that remembers what was spent')
  if (STIPEND_LEDGER.includes(':memory:')) throw wrong('STIPEND_LEDGER', 'has to be a file')
  if (found.STIPEND_POLICY === undefined && found.STIPEND_HOSTS === undefined) {
    throw wrong('STIPEND_HOSTS', 'is missing, and STIPEND_POLICY too: nothing would ever be paid')
  }
  if (STIPEND_APPROVALS !== undefined && STIPEND_APPROVALS !== 'host')
    throw wrong('STIPEND_APPROVALS', 'can only be host')
  if (found.STIPEND_AUDIENCE !== undefined && found.STIPEND_SESSION === undefined)
    throw wrong('STIPEND_AUDIENCE', 'is of a session, and STIPEND_SESSION is missing')
  return { ...found, STIPEND_LEDGER }
}

function wrong(variable: string, problem: string): ConfigurationError {
  return new ConfigurationError(`${variable} ${problem}`)
}
