import { deepFreeze } from '../lib/freeze.js'
import type { RuleRefusal, Verdict } from '../ports/policy.js'
import type { Resource } from '../types.js'
import { withBuiltInLimits } from './built-in-limits.js'
import { hasOnly, isText, ownFields, readHold, readLimits, readPins } from './read.js'

/** Reads what an engine answered into a frozen verdict under the built-in limits; anything but a verdict is a deny. */
export function readVerdict(value: unknown, resource: Resource): Verdict {
  const fields = ownFields(value)
  if (fields['type'] === 'deny' && Array.isArray(fields['refusals'])) {
    return denial(Array.from(fields['refusals'], readRefusal), fields['cause'])
  }
  const { notify = false } = fields
  const pins = readPins(fields['pins'] ?? [])
  const limits = readLimits(fields['limits'])
  const hold = readHold(fields['hold'])
  const isAllow = fields['type'] === 'allow' && hasOnly(fields, ['type', 'limits', 'hold', 'notify', 'pins', 'grants'])
  const { grants } = fields
  const isGranting = grants === undefined || grants === 'flow'
  if (!isAllow || !isGranting || !limits || !pins || hold === null || typeof notify !== 'boolean') {
    return denyAs('the policy answered with no verdict')
  }
  const rest = {
    ...(hold && { hold }),
    ...(notify && { notify }),
    ...(pins.length > 0 && { pins }),
    ...(grants !== undefined && { grants: 'flow' as const }),
  }
  return deepFreeze({ type: 'allow', limits: withBuiltInLimits(limits, resource), ...rest })
}

function readRefusal(value: unknown): RuleRefusal {
  const { rule, reason } = ownFields(value)
  return { rule: isText(rule) ? rule : 'policy', reason: isText(reason) ? reason : 'denied' }
}

/** Denies in the name of the policy as a whole. */
export function denyAs(reason: string, cause?: unknown): Verdict {
  return denial([{ rule: 'policy', reason }], cause)
}

/** Denies, and says why at least once; all is frozen but the cause, which is somebody else's. */
export function denial(refusals: readonly RuleRefusal[], cause?: unknown): Verdict {
  if (refusals.length === 0) return denyAs('the policy denied without a reason', cause)
  return Object.freeze({ type: 'deny', refusals: deepFreeze(refusals), ...(cause === undefined ? {} : { cause }) })
}
