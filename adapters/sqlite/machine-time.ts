import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'
import type { TimeSource } from 'stipend/ledger'

/** The time since this machine was started, sleep included: the same for all its processes. */
export function machineTime(): TimeSource {
  const bootId = readBootId()
  return { run: bootId ?? 'unnamed', isUnnamed: bootId === undefined, elapsed: createElapsed() }
}

/** For how many milliseconds the process's own clocks stand for the machine's: asking the system is a tenth of a reservation. */
const askAgainMs = 1000
/** By how much the process's two clocks can be apart while the machine is awake, and nobody sets its clock. */
const apartMs = 100

/** Answers the milliseconds since the machine was started. One that has slept shows by the clock on the wall, which went on. */
function createElapsed(): () => number {
  let asked = { elapsed: 0, steady: Number.NEGATIVE_INFINITY, wall: 0 }
  return () => {
    const [steady, wall] = [performance.now(), Date.now()]
    const passed = steady - asked.steady
    const isAwake = Math.abs(wall - asked.wall - passed) < apartMs
    if (isAwake && passed >= 0 && passed < askAgainMs) return asked.elapsed + passed
    asked = { elapsed: uptime() * 1000, steady, wall }
    return asked.elapsed
  }
}

/** Linux names each run of the machine. */
function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return undefined
  }
}
