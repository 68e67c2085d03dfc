/** The part of an A2A client that is called: that of `@a2a-js/sdk/client`, whichever version its agent speaks. */
export type A2AClient = {
  // A method, and `never`: what each line of the SDK takes is its own.
  sendMessage(params: never, options?: never): Promise<object>
  readonly transport?: object | undefined
}

/** What is read of a message, of either line of the protocol. */
export type Message = {
  readonly messageId?: string | undefined
  readonly contextId?: string | undefined
  readonly taskId?: string | undefined
  readonly parts?: readonly object[] | undefined
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
  readonly extensions?: readonly string[] | undefined
}

/** What is sent. */
export type SendParams = { readonly message?: Message | undefined }

/** What is read of the settings of a call. */
export type SendSettings = {
  readonly signal?: AbortSignal | undefined
  readonly serviceParameters?: Readonly<Record<string, string>> | undefined
}

/** What is read of a task, or of a message that answers in its place. */
export type Answer = Message & {
  readonly id?: string | undefined
  readonly status?: { readonly state?: string | number | undefined; readonly message?: Message | undefined } | undefined
}

/** Calls an agent. */
export async function send(client: A2AClient, params: SendParams, settings: SendSettings): Promise<Answer> {
  return client.sendMessage(params as never, settings as never)
}
