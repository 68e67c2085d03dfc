import { type DiscoverOptions, discover, type Service } from '../discovery/discover.js'
import { ConfigurationError, isStipendError } from '../errors.js'
import { formatUsd } from '../lib/format-amount.js'
import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import type { Payer } from '../pay/payer.js'
import type { FindServicesOutput, FoundService, ToolAnswer } from './answers.js'
import { createTool } from './create-tool.js'
import { findServicesInput, type FindServicesInput } from './input.js'
import { answerOf, failed } from './outcome.js'
import { findServicesOutput } from './output.js'
import type { ToolCall, ToolContext } from './pay-fetch.js'
import type { PaymentTool } from './tool.js'

/** Where the tool `find_services` looks. */
export type FindServicesOptions = Pick<DiscoverOptions, 'facilitator' | 'fetch'> & {
  /** How many services a model is told of at once, from 1 to 100. @default 10 */
  readonly limit?: number | undefined
}

const maxFound = 100

const optionNames: OptionNames<FindServicesOptions> = { facilitator: true, fetch: true, limit: true }

/**
 * Makes the tool with which a model finds what its wallet or session would be let pay; it pays nothing, and reaches no host
 * but the facilitator.
 *
 * @throws ConfigurationError when an option is not usable.
 */
export function createFindServices(
  owner: Payer,
  options: FindServicesOptions,
  context: ToolContext,
): PaymentTool<'find_services', FindServicesInput, FindServicesOutput> {
  refuseUnknown('findServices', options, optionNames)
  const { facilitator, fetch, limit = 10 } = options
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > maxFound)
    throw new ConfigurationError(`Failed to read limit: expected a whole number from 1 to ${maxFound}`)
  if (!URL.canParse(String(facilitator)))
    throw new ConfigurationError('Failed to make tools: findServices needs the URL of a facilitator')
  const work = async (input: FindServicesInput, { signal }: ToolCall): Promise<FindServicesOutput | ToolAnswer> => {
    try {
      const { services, leftOut } = await discover(owner, { ...input, facilitator, fetch, limit: maxFound, signal })
      const found = services.filter(({ url }) => context.reach(url) === undefined)
      const others = leftOut + services.length - found.length
      const shown = found.slice(0, limit)
      return {
        status: 'ok',
        explanation: `${found.length} found that can be paid, ${shown.length} shown; ${others} left out: not well-formed, too dear or not allowed.`,
        services: shown.map(see),
      }
    } catch (error) {
      signal?.throwIfAborted()
      return isStipendError(error) ? answerOf(error) : failed('request_failed', 'The list could not be read.')
    }
  }
  return createTool({ name: 'find_services', input: findServicesInput, output: findServicesOutput, work }, context)
}

function see({ listedMicroUsd, ...service }: Service): FoundService {
  return { ...service, listedPriceUsd: formatUsd(listedMicroUsd) }
}
