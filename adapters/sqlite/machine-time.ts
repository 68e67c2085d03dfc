import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'
import type { TimeSource } from 'stipend/ledger'

/** The time since this machine was started, sleep included: the same for all its processes. */
export function machineTime(): TimeSource {
  const bootId = readBootId()
  return { run: bootId ?? 'unnamed', isUnnamed: bootId === undefined, elapsed: () => uptime() * 1000 }
}

/** Linux names each run of the machine. */
function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return undefined
  }
}
