// For `node --import`: what a program fetches at one URL is fetched at another, and nothing else is fetched.
const { FETCH_AT: at, FETCH_FROM: from } = process.env
const { fetch } = globalThis

globalThis.fetch = async (input, init) => {
  const request = new Request(input, init)
  if (request.url !== at) throw new TypeError(`nothing is to be fetched at ${request.url}`)
  const response = await fetch(new Request(from, request))
  return Object.defineProperty(response, 'url', { value: at })
}
