/** What a fetch is called with. */
export type Input = Parameters<typeof fetch>[0]

/** The settings of a fetch. */
export type Init = NonNullable<Parameters<typeof fetch>[1]>

/** A body to send once more. */
export type Replay = {
  readonly body?: BodyInit | undefined
  readonly contentType?: string | undefined
}

/** A request's body, kept so that it can be sent a second time. */
export type KeptBody = {
  /** What to call the first fetch with: the caller's own arguments, unless the body had to be split or encoded. */
  readonly input: Input
  readonly init: Init | undefined
  /** Whether all of it is here, so that it can be sent before the request itself. @default false */
  readonly isWhole?: boolean | undefined
  /**
   * Answers the same bytes again.
   *
   * @throws UnpayableRequestError when they are too many, or cannot be read a second time.
   */
  readonly replay: () => Promise<Replay>
  /** Lets go of what was kept. */
  readonly discard: () => void
}
