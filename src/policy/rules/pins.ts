import { ConfigurationError } from '../../errors.js'
import { parseAddressOn } from '../../assets/families.js'
import { isAction, isTransfer } from '../../resource.js'
import type { Pin } from '../../types.js'
import type { PaymentRequest, Rule } from '../../ports/policy.js'
import { withForm } from '../json/rule-json.js'
import { allow, createRule, readOptions } from './create-rule.js'

/**
 * Remembers the first payee of each origin, on whatever network; a payment to another one needs approval, and the
 * approved one is remembered from then on.
 */
export function pinPayee(): Rule {
  const rule = createPinRule('pinPayee', ({ resource: { origin }, offer: { network, payTo } }) => ({
    name: `payee of ${origin}`,
    key: `payee:${origin}`,
    value: parseAddressOn(network, payTo) ?? payTo,
    onDiffer: 'approve',
  }))
  return withForm(rule, {})
}

/** Options of `priceMemory`. */
export type PriceMemoryOptions = {
  /** By how much a price may rise above the remembered one: 0.2 is a fifth. In whole percents, at most 10 (a thousand). */
  readonly maxRise: number
}

/**
 * Remembers what each resource (method, origin and path) cost at first, in micro-USD; a price that has risen by more
 * needs approval, and the approved one is remembered from then on.
 *
 * @throws ConfigurationError when `maxRise` is not usable.
 */
export function priceMemory(options: PriceMemoryOptions): Rule {
  const { maxRise } = readOptions('priceMemory', options, ['maxRise'])
  const maxRisePercent = readPercent(maxRise)
  const rule = createPinRule('priceMemory', ({ resource: { method, origin, url }, offer: { microUsd } }) => {
    const path = `${origin}${new URL(url).pathname}`
    return {
      name: `price of ${path} in micro-USD`,
      key: `price:${method} ${path}`,
      value: microUsd.toString(),
      maxRisePercent,
      onDiffer: 'approve',
    }
  })
  return withForm(rule, { maxRise })
}

function readPercent(maxRise: number): number {
  const percent = Math.round(maxRise * 100)
  if (typeof maxRise === 'number' && percent >= 0 && percent <= 1000 && Math.abs(percent - maxRise * 100) < 1e-9)
    return percent
  throw new ConfigurationError(
    `Failed to read maxRise: ${String(maxRise)} is not written in whole hundredths, such as 0.2 for a fifth`,
  )
}

function createPinRule(name: string, pinOf: (request: PaymentRequest) => Pin): Rule {
  return createRule(name, (request) =>
    isTransfer(request.resource) || isAction(request.resource) ? allow : { type: 'allow', pins: [pinOf(request)] },
  )
}
