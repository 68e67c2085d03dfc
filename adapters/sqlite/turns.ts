import { pause } from '../../src/lib/deadline.js'
import { deadlines } from '../../src/lib/deadlines.js'
import { read } from './database.js'

/** How long SQLite itself may wait for a lock, in milliseconds: nothing else of this process runs meanwhile. */
export const blockingMs = 10
/** Up to this the pauses between two tries grow. */
const maxPauseMs = 50

type Turn = {
  /** Tells whether it is over, for better or worse; not while another program holds the lock. */
  readonly attempt: () => boolean
  readonly giveUp: (error: unknown) => void
  waitedMs: number
}

/**
 * Creates a queue of work on a database. Work is done at once where nothing is waiting; while another program holds the
 * lock, it is tried again in its order, with pauses in which the rest of this process goes on.
 */
export function createTurns(): <value>(work: () => value) => Promise<value> {
  const waiting: Turn[] = []
  let busy: unknown

  const retry = async (): Promise<void> => {
    for (let pauseMs = 1; waiting.length > 0; pauseMs = Math.min(2 * pauseMs, maxPauseMs)) {
      await pause(pauseMs)
      for (const turn of waiting) turn.waitedMs += pauseMs
      while (waiting[0]?.attempt()) waiting.shift()
      while (waiting[0] && waiting[0].waitedMs >= deadlines.sqliteLock) waiting.shift()?.giveUp(busy)
    }
  }

  return (work) =>
    new Promise((resolve, reject) => {
      const attempt = (): boolean => {
        try {
          resolve(work())
        } catch (error) {
          if (isBusy(error)) {
            busy = error
            return false
          }
          reject(error)
        }
        return true
      }
      if (waiting.length === 0 && attempt()) return
      if (waiting.push({ attempt, giveUp: reject, waitedMs: 0 }) === 1) void retry()
    })
}

/** SQLITE_BUSY and its kin, as node:sqlite and better-sqlite3 say it. */
function isBusy(error: unknown): boolean {
  return (Number(read(error, 'errcode')) & 0xff) === 5 || String(read(error, 'code')).startsWith('SQLITE_BUSY')
}
