import { parseJson } from '../json.js'

/** The largest body that is read, in bytes; headers are bounded by themselves. */
export const maxBodyBytes = 262_144

/** What is read of a 402: of the message, of an entry of `accepts`, and of the entry's `extra`. */
const readFields: readonly (ReadonlySet<string> | undefined)[] = [
  undefined,
  new Set(['x402Version', 'accepts', 'success']),
  undefined,
  new Set([
    'scheme',
    'network',
    'asset',
    'amount',
    'maxAmountRequired',
    'payTo',
    'maxTimeoutSeconds',
    'paymentFlow',
    'extra',
  ]),
]
/** The level of `extra`, whose own values schemes read; what these hold, they do not. */
const extraLevel = 4

/**
 * Parses a message of x402, strict with what is read of it. The rest, such as descriptions, schemas and icons, is only
 * echoed, and may be any JSON.
 *
 * @throws MalformedMessageError
 */
export function parseMessage(text: string, name: string): unknown {
  return parseJson(text, name, { maxLength: maxBodyBytes, isLoose })
}

function isLoose(key: string, level: number): boolean {
  return level > extraLevel || readFields[level]?.has(key) === false
}
