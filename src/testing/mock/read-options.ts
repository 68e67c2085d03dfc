import { ConfigurationError } from '../../errors.js'
import { type OptionNames, refuseUnknown } from '../../lib/known-options.js'
import { parseUsd } from '../../money.js'
import type { TestClock } from '../clock.js'
import { testRandom } from '../random.js'
import { isMock402Fault, type Mock402Fault, mock402Faults } from './faults.js'
import type { Mock402Protocol } from './messages.js'
import type { Mock402Method } from './book.js'
import type { Mock402Options } from './options.js'

/** The options of a mock server, read. */
export type Settings = {
  readonly protocols: readonly Mock402Protocol[]
  readonly methods: readonly Mock402Method[]
  /** Atomic units, of six decimals. */
  readonly amount: bigint
  readonly used: bigint
  /** Answers what goes wrong with a request. */
  readonly draw: () => readonly Mock402Fault[]
  readonly respond: (request: Request) => Response | Promise<Response>
  readonly idempotent: boolean
  readonly maxTimeoutSeconds: number
  readonly extensions: Readonly<Record<string, unknown>> | undefined
  readonly clock: TestClock | (() => number)
}

const optionNames: OptionNames<Mock402Options> = {
  protocols: true,
  methods: true,
  price: true,
  used: true,
  faults: true,
  seed: true,
  respond: true,
  idempotent: true,
  maxTimeoutSeconds: true,
  extensions: true,
  clock: true,
}

/**
 * Reads the options of a mock server.
 *
 * @throws ConfigurationError when one is not usable.
 */
export function readSettings(options: Mock402Options): Settings {
  refuseUnknown('mock402', options, optionNames)
  const { protocols = ['x402'], methods = ['eip3009'], price = '$0.01', clock = Date.now } = options
  const amount = parseUsd(price, 'price')
  refuseStrangers('protocols', protocols, ['x402', 'x402-v1'])
  refuseStrangers('methods', methods, ['eip3009', 'permit2', 'upto', 'solana'])
  const faults = options.faults ?? (options.seed === undefined ? [] : mock402Faults)
  refuseStrangers('faults', faults.length === 0 ? ['none'] : faults, ['none', ...mock402Faults])
  if (options.faults?.includes('slow-answer') && !('advance' in clock)) {
    throw new ConfigurationError('Failed to read faults: slow-answer needs a testClock as the clock')
  }
  return {
    protocols,
    methods,
    amount,
    used: options.used === undefined ? amount / 2n : parseUsd(options.used, 'used'),
    draw: drawFrom(faults.filter(isMock402Fault), options.seed),
    respond: options.respond ?? (() => Response.json({ ok: true })),
    idempotent: options.idempotent ?? true,
    maxTimeoutSeconds: options.maxTimeoutSeconds ?? 60,
    extensions: options.extensions,
    clock,
  }
}

function drawFrom(faults: readonly Mock402Fault[], seed: number | undefined): Settings['draw'] {
  if (seed === undefined || faults.length === 0) return () => faults
  const random = testRandom(seed)
  return () => (random.below(2) === 0 ? [] : [random.pick(faults as readonly [Mock402Fault, ...Mock402Fault[]])])
}

function refuseStrangers(option: string, names: readonly string[], known: readonly string[]): void {
  const strange = names.find((name) => !known.includes(name))
  if (strange === undefined && names.length > 0) return
  throw new ConfigurationError(`Failed to read ${option}: ${strange ?? 'nothing'} is not one of ${known.join(', ')}`)
}
