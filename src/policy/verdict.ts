import { deepFreeze } from '../freeze.js'
import type { Limit } from '../types.js'
import { withBuiltInLimits } from './built-in-limits.js'
import { hasOnly, isText, ownFields, readLimits } from './read.js'

/** One rule's no. */
export type RuleRefusal = { readonly rule: string; readonly reason: string }

/** What a policy says of a request, all rules taken together. */
export type Verdict =
  | { readonly type: 'allow'; readonly limits: readonly Limit[] }
  | {
      readonly type: 'deny'
      readonly refusals: readonly RuleRefusal[]
      /** What was thrown, where the policy denies because it failed. */
      readonly cause?: unknown
    }

/** Reads what an engine answered into a frozen verdict under the built-in limits; anything but a verdict is a deny. */
export function readVerdict(value: unknown): Verdict {
  const fields = ownFields(value)
  if (fields['type'] === 'deny' && Array.isArray(fields['refusals'])) {
    return denial(Array.from(fields['refusals'], readRefusal), fields['cause'])
  }
  const limits = readLimits(fields['limits'])
  if (fields['type'] !== 'allow' || !limits || !hasOnly(fields, ['type', 'limits'])) {
    return denyAs('the policy answered with no verdict')
  }
  return deepFreeze({ type: 'allow', limits: withBuiltInLimits(limits) })
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
