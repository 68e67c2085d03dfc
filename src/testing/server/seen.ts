/** A request that a server of a test has seen. */
export type SeenRequest = {
  readonly method: string
  readonly url: string
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Reads what a request says, without using its body up. */
export async function see(request: Request): Promise<SeenRequest> {
  const { method, url } = request
  const body = request.bodyUsed ? '' : await request.clone().text()
  return Object.freeze({ method, url, headers: Object.freeze(Object.fromEntries(request.headers)), body })
}
