import { pause, within } from '../../src/lib/deadline.js'
import { isClosedForNow, isLost, isPassing, isSound, isWrongTransaction } from './sql-state.js'

/** The part of a `pg` pool that is used. */
export type PostgresPool = {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
  /** Takes a connection out of the pool. Without it, one that has gone silent is never given up. */
  connect?(): Promise<PostgresClient>
  on?(event: 'error', listener: (error: Error) => void): unknown
  on?(event: 'acquire', listener: (client: PostgresClient) => void): unknown
}

/** The part of a connection of a `pg` pool that is used. */
export type PostgresClient = {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
  /** Gives the connection back, or closes it. */
  release(isBroken?: boolean): void
  on?(event: 'error', listener: (error: Error) => void): unknown
  removeListener?(event: 'error', listener: (error: Error) => void): unknown
}

/** A statement, and how long it may take with all that goes before it. */
export type Statement = {
  readonly text: string
  readonly values?: readonly unknown[] | undefined
  readonly timeoutMs: number
  /** Changes nothing: after a lost connection it is sent again. */
  readonly isRead?: boolean | undefined
}

/** Sends a statement as a transaction of its own, and answers its rows. */
export type Send = (statement: Statement) => Promise<readonly unknown[]>

/** Until when something may take, and until when it is of use to begin anew. */
type Deadline = { readonly leftMs: () => number; readonly isEarly: () => boolean }

/**
 * Sends statements over the connections of a pool. One that goes silent is closed at the statement's deadline. What has
 * surely left nothing behind is sent again, and so is what changes nothing; what may have been committed is not.
 */
export function createSend(pool: PostgresPool): Send {
  outliveClosedConnections(pool)
  // Where transactions are not what a ledger needs unless they say so, they say so: for one trip there are three.
  let isExplicit = false
  return async ({ text, values, timeoutMs, isRead = false }) => {
    const deadline = startDeadline(timeoutMs)
    let send = alone
    const mayRepeat = (error: unknown): boolean => {
      if (!isWrongTransaction(error) || send === inTransaction || !pool.connect)
        return isPassing(error) || (isRead && isLost(error))
      isExplicit = true
      return true
    }
    return repeatedly(mayRepeat, deadline, async () => {
      const client = await acquire(pool, deadline)
      if (isExplicit && !isRead) send = inTransaction
      return use(client, deadline, () => send(client, text, values))
    })
  }
}

const heard = new WeakSet<PostgresPool>()

/**
 * A pool that tells of a connection closed while nobody used it, as when the database begins anew, has taken it out by then.
 * Where nobody listens, Node ends the process.
 */
function outliveClosedConnections(pool: PostgresPool): void {
  if (heard.has(pool)) return
  heard.add(pool)
  pool.on?.('error', () => {})
  // One that is closed just as it is handed over tells of it before whoever asked for it can listen.
  const known = new WeakSet<PostgresClient>()
  pool.on?.('acquire', (client) => {
    if (!known.has(client)) client.on?.('error', () => {})
    known.add(client)
  })
}

async function alone(client: PostgresClient, text: string, values?: readonly unknown[]): Promise<readonly unknown[]> {
  return (await client.query(text, values && [...values])).rows
}

async function inTransaction(...[client, ...statement]: Parameters<typeof alone>): Promise<readonly unknown[]> {
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE')
  try {
    const rows = await alone(client, ...statement)
    await client.query('COMMIT')
    return rows
  } catch (error) {
    if (isSound(error)) await client.query('ROLLBACK')
    throw error
  }
}

function startDeadline(timeoutMs: number): Deadline {
  const start = performance.now()
  return {
    leftMs: () => Math.max(0, start + timeoutMs - performance.now()),
    isEarly: () => performance.now() < start + timeoutMs / 2,
  }
}

async function repeatedly<answer>(
  mayRepeat: (error: unknown) => boolean,
  deadline: Deadline,
  attempt: () => Promise<answer>,
): Promise<answer> {
  for (let waitMs = 10; ; waitMs = Math.min(waitMs * 2, 500)) {
    try {
      return await attempt()
    } catch (error) {
      if (!mayRepeat(error) || !deadline.isEarly()) throw error
      await pause(waitMs)
    }
  }
}

async function acquire(pool: PostgresPool, deadline: Deadline): Promise<PostgresClient> {
  return repeatedly(isClosedForNow, deadline, async () => {
    const asked = pool.connect?.()
    if (!asked) return { query: (text, values) => pool.query(text, values), release: () => {} }
    try {
      return await within(deadline.leftMs(), asked, 'PostgreSQL gave no connection in time')
    } catch (error) {
      asked.then(
        (client) => client.release(),
        () => {},
      )
      throw error
    }
  })
}

/** Gives a connection back as sound or broken as it is afterwards. */
async function use<answer>(client: PostgresClient, deadline: Deadline, action: () => Promise<answer>): Promise<answer> {
  // A connection that breaks says so twice: to who waits for its answer, and as an event that nobody may leave unheard.
  const ignore = (): void => {}
  client.on?.('error', ignore)
  let isBroken = false
  try {
    return await within(deadline.leftMs(), action(), 'PostgreSQL did not answer in time')
  } catch (error) {
    isBroken = !isSound(error)
    throw error
  } finally {
    client.release(isBroken)
    // One that is closed can break once more while it closes.
    if (!isBroken) client.removeListener?.('error', ignore)
  }
}
