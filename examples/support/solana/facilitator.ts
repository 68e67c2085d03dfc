import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createKeyPairSignerFromBytes } from '@solana/kit'
import { x402Facilitator } from '@x402/core/facilitator'
import { toFacilitatorSvmSigner } from '@x402/svm'
import { registerExactSvmScheme } from '@x402/svm/exact/facilitator'
import { type Listening, readAll, serve } from '../http.ts'
import { solanaDevnet, type TestSolana } from './chain.ts'

/** An official facilitator in this process, and its HTTP face. */
export type SolanaFacilitator = Listening & {
  /** Pays the fees of what it settles. */
  readonly feePayer: string
}

type Asked = { readonly paymentPayload: never; readonly paymentRequirements: never }

/** What a facilitator answers, by route. */
export type Answers = {
  readonly supported: () => unknown
  readonly verify: (asked: Asked) => Promise<unknown>
  readonly settle: (asked: Asked) => Promise<unknown>
}

/** Starts the facilitator of x402 v2; its traffic has the tag `facilitator`. */
export async function startSolanaFacilitator(chain: TestSolana): Promise<SolanaFacilitator> {
  const { address, bytes } = chain.createSender()
  const keys = await createKeyPairSignerFromBytes(bytes)
  const signer = toFacilitatorSvmSigner(keys, { defaultRpcUrl: `${chain.url}/facilitator` })
  const official = registerExactSvmScheme(new x402Facilitator(), { signer, networks: solanaDevnet })
  const listening = await serveAnswers({
    supported: () => official.getSupported(),
    verify: ({ paymentPayload, paymentRequirements }) => official.verify(paymentPayload, paymentRequirements),
    settle: ({ paymentPayload, paymentRequirements }) => official.settle(paymentPayload, paymentRequirements),
  })
  return { ...listening, feePayer: address }
}

/** Serves what a facilitator answers. */
export function serveAnswers(answers: Answers): Promise<Listening> {
  return serve(createServer((request, response) => void answer(answers, request, response)))
}

async function answer(answers: Answers, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [status, body] = await handle(answers, request).catch(
    (error: unknown) => [500, { error: String(error) }] as const,
  )
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function handle(answers: Answers, request: IncomingMessage): Promise<readonly [number, unknown]> {
  const route = `${request.method} ${request.url}`
  if (route === 'GET /supported') return [200, answers.supported()]
  if (route !== 'POST /verify' && route !== 'POST /settle') return [404, { error: `no ${route} here` }]
  const asked = JSON.parse((await readAll(request)).toString()) as Asked
  return [200, await (route === 'POST /verify' ? answers.verify(asked) : answers.settle(asked))]
}
