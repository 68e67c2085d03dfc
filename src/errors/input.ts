import type { SetAside } from '../types.js'
import { StipendError } from './base.js'

/** Thrown when an option, a rule or a key is not usable; fix the configuration. */
export class ConfigurationError extends StipendError {
  readonly name = 'ConfigurationError'
  readonly code = 'configuration_invalid'
}

/** Thrown when the request itself cannot be paid for, such as a body that cannot be sent twice; change the request. */
export class UnpayableRequestError extends StipendError {
  readonly name = 'UnpayableRequestError'
  readonly code = 'request_unpayable'
}

/** Thrown when a 402 breaks its own format or our bounds; the server has to change. */
export class MalformedMessageError extends StipendError {
  readonly name = 'MalformedMessageError'
  readonly code = 'malformed_message'
}

/** Thrown when no entry of a 402 can be paid by this wallet; configure a key, a scheme or an asset. */
export class NoPayableOfferError extends StipendError {
  readonly name = 'NoPayableOfferError'
  readonly code = 'no_payable_offer'
  readonly setAside: readonly SetAside[]

  constructor(setAside: readonly SetAside[]) {
    super('No offer can be paid by this wallet; nothing was signed', {
      details: setAside.map((one) => `offer ${one.index}: ${one.reason}`),
    })
    this.setAside = setAside
  }
}
