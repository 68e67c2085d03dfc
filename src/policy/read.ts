import type { Hold, Limit, Measure, Pin, Window } from '../types.js'

/** Copies an object's own fields, each read once; what is no object has none, and a polluted prototype adds none. */
export function ownFields(value: unknown): Readonly<Record<string, unknown>> {
  return Object.assign(Object.create(null), typeof value === 'object' ? value : undefined)
}

/** Tells whether fields are all known: one that is not could be a condition, and would be lost. */
export function hasOnly(fields: Readonly<Record<string, unknown>>, known: readonly string[]): boolean {
  return Reflect.ownKeys(fields).every((key) => typeof key === 'string' && known.includes(key))
}

/** Tells whether a value is a string that says something. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** Copies limits into frozen ones of our own, or answers `undefined` when one of them is not well-formed. */
export function readLimits(value: unknown): readonly Limit[] | undefined {
  if (!Array.isArray(value)) return undefined
  const limits = Array.from(value, readLimit)
  return limits.every((limit) => limit !== undefined) ? Object.freeze(limits) : undefined
}

function readLimit(value: unknown): Limit | undefined {
  const fields = ownFields(value)
  const { name, scope, measure, max, onExceed } = fields
  const window = readWindow(fields['window'])
  if (!hasOnly(fields, ['name', 'scope', 'window', 'measure', 'max', 'onExceed']) || !window) return undefined
  if (!isText(name) || !isText(scope) || !isMeasure(measure)) return undefined
  if (typeof max !== 'bigint' || max < 0n) return undefined
  if (onExceed === undefined) return Object.freeze({ name, scope, window, measure, max })
  const isKnown = onExceed === 'deny' || onExceed === 'approve'
  return isKnown ? Object.freeze({ name, scope, window, measure, max, onExceed }) : undefined
}

function isMeasure(value: unknown): value is Measure {
  return value === 'microUsd' || value === 'count' || value === 'open' || value === 'unknown'
}

function readWindow(value: unknown): Window | undefined {
  const fields = ownFields(value)
  const { type, seconds, period, timeZone } = fields
  if (type === 'payment' || type === 'lifetime') return hasOnly(fields, ['type']) ? Object.freeze({ type }) : undefined
  if (type === 'rolling') {
    return hasOnly(fields, ['type', 'seconds']) && isCount(seconds) ? Object.freeze({ type, seconds }) : undefined
  }
  if (type !== 'calendar' || !hasOnly(fields, ['type', 'period', 'timeZone'])) return undefined
  const isPeriod = period === 'day' || period === 'month'
  return isPeriod && isText(timeZone) ? Object.freeze({ type, period, timeZone }) : undefined
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0
}

/** Copies a hold, or answers `null` when it is not well-formed; no hold is `undefined`. */
export function readHold(value: unknown): Hold | null | undefined {
  if (value === undefined) return undefined
  const fields = ownFields(value)
  const { kind, reason, seconds, reasons } = fields
  if (!isText(reason)) return null
  if (kind === 'approval' && hasOnly(fields, ['kind', 'reason', 'reasons'])) {
    if (reasons === undefined) return Object.freeze({ kind, reason })
    const each: readonly unknown[] = Array.isArray(reasons) ? Array.from(reasons) : []
    return each.length > 0 && each.every(isText) ? Object.freeze({ kind, reason, reasons: Object.freeze(each) }) : null
  }
  const isDelay = kind === 'delay' && hasOnly(fields, ['kind', 'reason', 'seconds']) && isCount(seconds)
  return isDelay ? Object.freeze({ kind, reason, seconds }) : null
}

/** Copies pins into frozen ones of our own, or answers `undefined` when one of them is not well-formed. */
export function readPins(value: unknown): readonly Pin[] | undefined {
  if (!Array.isArray(value)) return undefined
  const pins = Array.from(value, readPin)
  return pins.every((pin) => pin !== undefined) ? Object.freeze(pins) : undefined
}

function readPin(value: unknown): Pin | undefined {
  const fields = ownFields(value)
  const { name, key, value: said, maxRisePercent, onDiffer } = fields
  if (!hasOnly(fields, ['name', 'key', 'value', 'maxRisePercent', 'onDiffer'])) return undefined
  if (!isText(name) || !isText(key) || !isText(said) || (onDiffer !== 'deny' && onDiffer !== 'approve'))
    return undefined
  if (maxRisePercent === undefined) return Object.freeze({ name, key, value: said, onDiffer })
  const isNumber = Number.isSafeInteger(maxRisePercent) && Number(maxRisePercent) >= 0 && /^\d{1,78}$/.test(said)
  return isNumber
    ? Object.freeze({ name, key, value: said, maxRisePercent: Number(maxRisePercent), onDiffer })
    : undefined
}
