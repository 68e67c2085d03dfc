import { approvalMistakes } from './approvals.ts'
import { clockMistakes } from './clock.ts'
import { journalMistakes } from './journal.ts'
import { lifecycleMistakes } from './lifecycle.ts'
import { limitMistakes } from './limits.ts'
import { openMistakes } from './open.ts'
import { pinMistakes } from './pins.ts'
import { purchaseMistakes } from './purchases.ts'
import { recordMistakes } from './records.ts'
import { sessionMistakes } from './sessions.ts'
import { windowMistakes } from './windows.ts'
import type { Mistake } from './mistake.ts'

/** Ledgers that each do one thing wrong, and the check that must find it. */
export const mistakes: readonly Mistake[] = [
  ...approvalMistakes,
  ...clockMistakes,
  ...journalMistakes,
  ...lifecycleMistakes,
  ...limitMistakes,
  ...openMistakes,
  ...pinMistakes,
  ...purchaseMistakes,
  ...recordMistakes,
  ...sessionMistakes,
  ...windowMistakes,
]
