/**
 * A program: importing it serves a wallet over stdio to the MCP host that started the process. The command `stipend-mcp` is
 * this program, and says what it lacks. It is configured by the environment:
 *
 * - `STIPEND_KEY_FILE` and `STIPEND_PASSWORD`: the path of an encrypted key file and what unlocks it; or `STIPEND_KEY`, a
 *   private key, which every process that sees the environment can read. `STIPEND_CREATE_KEY`: `yes` makes the file at the
 *   first start.
 * - `STIPEND_LEDGER`: the path of the SQLite file that remembers what was spent. Required.
 * - `STIPEND_HOSTS`: the hosts that may be asked and paid, as `allowHosts` has them, with commas. Without it any public name
 *   may be asked over https, and no private address that it resolves to is connected to.
 * - `STIPEND_PER_PAYMENT_USD`, `STIPEND_DAILY_USD` and `STIPEND_INSTANT_USD`: `perPaymentUsd`, `dailyLimitUsd` and
 *   `instantMaxUsd` of `spendingLimit`.
 * - `STIPEND_POLICY`: the path of a policy as data, for all else. With the variables above, all rules have to agree.
 * - `STIPEND_SESSION`: the token of a session of this key and ledger, which then pays; `STIPEND_AUDIENCE` if it has one.
 * - `STIPEND_APPROVALS`: `host` lets the person at the host approve what needs a person.
 * - `STIPEND_FACILITATOR`: the URL of a facilitator, in whose list of services the model may search.
 *
 * A variable that is there has a value, and a path is whole: `~` is expanded by shells, not by hosts.
 *
 * Key, password and token are taken out of `process.env`. What is wrong is said in one line on stderr, with exit code 1.
 *
 * @module
 */
import { Console } from 'node:console'
import { isStipendError } from 'stipend'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { createMcpServer } from '../server.js'
import { takeSettings } from './environment.js'
import { open } from './open.js'

const warning = 'STIPEND_KEY is in the environment of what started this; STIPEND_KEY_FILE keeps the key out of it'

async function serve(): Promise<void> {
  // On stdout is the protocol and nothing else, whoever logs what.
  globalThis.console = new Console(process.stderr)
  try {
    const settings = takeSettings(process.env)
    const { owner, options, notes } = await open(settings)
    // Once now, so that what is wrong with an option is known before a host asks.
    createMcpServer(owner, options)
    serveStdio(() => createMcpServer(owner, options))
    for (const note of notes) console.error(`stipend: ${note}`)
    if (settings.STIPEND_KEY !== undefined) console.error(`stipend: ${warning}`)
  } catch (error) {
    console.error(`stipend: ${describe(error)}`)
    process.exitCode = 1
  }
}

/** What is not ours may quote what it was given. */
function describe(error: unknown): string {
  if (!isStipendError(error)) return 'Failed to start for a reason that may hold secrets, and is not shown'
  return error.message
    .split('\n')
    .map((line) => line.trim())
    .join('; ')
}

await serve()
