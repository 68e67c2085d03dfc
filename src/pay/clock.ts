import { ConfigurationError } from '../errors.js'

/** One look at the time, in Unix milliseconds. */
export type Reading = {
  /** What the wall clock says. */
  readonly wall: number
  /** What the ledger is told: it never runs back, nor forward faster than time passes. */
  readonly ledger: number
  /** How far the wall clock is ahead of the time that has passed, where that is more than it can be; else nothing. */
  readonly aheadMs: number | undefined
}

/** A wall clock that is believed only as far as time has passed since it was last believed. */
export type TrustedClock = {
  readonly read: () => Reading
  /** Believes the wall clock, because its owner says so. */
  readonly confirm: () => void
  /** Believes the wall clock, and begins the ledger's time anew with it: an owner puts that right. */
  readonly restart: () => number
  /** Compares the wall clock with the time of a final block, in Unix milliseconds. */
  readonly witness: (finalMs: number) => void
}

/** A wall clock that is set by time servers, or a machine that stood still for a moment, moves by less. */
const maxJumpMs = 5 * 60_000
/** How long before now a final block can have been made: Base and Ethereum need up to 20 minutes. */
const maxFinalityMs = 30 * 60_000
/** How far a block can be ahead of a clock that is right. */
const maxSkewMs = 120_000

/**
 * Creates a clock that cannot be wound forward: while the wall clock is more than five minutes ahead of the time that
 * has passed, the ledger is told the time that has passed, so that no window of a limit moves on.
 *
 * @throws ConfigurationError when one of the clocks throws or answers no number, then as at each reading.
 */
export function createTrustedClock(options: ClockOptions): TrustedClock {
  const { look, believe } = createBelief(options)
  let ledger = 0
  let isCompared = false
  const settle = (wall: number): void => {
    isCompared = true
    believe(wall)
  }
  return Object.freeze({
    read: () => {
      const { wall, aheadMs } = look()
      ledger = Math.max(ledger, wall - (aheadMs ?? 0))
      return { wall, ledger, aheadMs }
    },
    confirm: () => settle(look().wall),
    restart: () => {
      const { wall } = look()
      settle(wall)
      ledger = wall
      return wall
    },
    // The ledger is told nothing in here: the wall clock may be wrong.
    witness: (finalMs: number) => {
      const { wall, aheadMs } = look()
      const behindMs = wall - finalMs
      if (behindMs >= -maxSkewMs && behindMs <= maxFinalityMs) return settle(wall)
      // A clock that was right, and has not jumped since, knows better than a chain that has come to a halt.
      const isDoubted = !isCompared || aheadMs !== undefined
      if (!isDoubted || behindMs <= maxFinalityMs) return undefined
      return settle(isCompared ? Math.max(finalMs, wall - (aheadMs ?? 0)) : finalMs)
    },
  })
}

type ClockOptions = {
  /** Unix milliseconds. */
  readonly clock: () => number
  /** Milliseconds since whenever; never runs back. */
  readonly monotonic: () => number
  /** Is told once of each jump, and once of its end. */
  readonly tell: (aheadMs: number | undefined) => void
}

/** Keeps what was last believed of the wall clock, and how much time has passed since. */
function createBelief({ clock, monotonic, tell }: ClockOptions): {
  readonly look: () => Omit<Reading, 'ledger'>
  readonly believe: (wall: number) => void
} {
  const wallNow = (): number => readClock(clock, 'clock')
  const passedNow = (): number => readClock(monotonic, 'monotonic')
  let believed = { wall: wallNow(), at: passedNow() }
  let passed = 0
  let wasAhead = false

  const look = (): Omit<Reading, 'ledger'> => {
    const wall = wallNow()
    passed = Math.max(passed, passedNow() - believed.at)
    const ahead = wall - believed.wall - passed
    const aheadMs = ahead > maxJumpMs ? ahead : undefined
    if ((aheadMs !== undefined) !== wasAhead) tell(aheadMs)
    wasAhead = aheadMs !== undefined
    return { wall, aheadMs }
  }
  const believe = (wall: number): void => {
    believed = { wall, at: passedNow() }
    passed = 0
    look()
  }
  return { look, believe }
}

function readClock(clock: () => number, name: string): number {
  const now = ask(clock, name)
  if (typeof now === 'number' && Number.isFinite(now)) return now
  throw new ConfigurationError(`Failed to read ${name}: it answered no number`)
}

function ask(clock: () => number, name: string): unknown {
  try {
    return clock()
  } catch (cause) {
    throw new ConfigurationError(`Failed to read ${name}: it threw`, { cause })
  }
}
