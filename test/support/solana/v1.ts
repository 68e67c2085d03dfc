import { devnetUsdc, type TestSolana } from '../../../examples/support/solana/chain.ts'
import { serveAnswers, type SolanaFacilitator } from '../../../examples/support/solana/facilitator.ts'
import { type Offer, sell, type SolanaServer } from '../../../examples/support/solana/servers.ts'
import { needOthers } from '../other-versions.ts'

/** Starts the facilitator of x402 v1; its traffic has the tag `facilitator`. */
export async function startSolanaFacilitatorV1(chain: TestSolana): Promise<SolanaFacilitator> {
  const { address, privateKey } = chain.createSender()
  const { createSigner, settle, verify } = needOthers()
  const signer = await createSigner('solana-devnet', privateKey)
  const config = { svmConfig: { rpcUrl: `${chain.url}/facilitator` } }
  const kind = { x402Version: 1, scheme: 'exact', network: 'solana-devnet', extra: { feePayer: address } }
  const listening = await serveAnswers({
    supported: () => ({ kinds: [kind] }),
    verify: ({ paymentPayload, paymentRequirements }) => verify(signer, paymentPayload, paymentRequirements, config),
    settle: ({ paymentPayload, paymentRequirements }) => settle(signer, paymentPayload, paymentRequirements, config),
  })
  return { ...listening, feePayer: address }
}

/** Starts a server of `x402-express`, whose facilitator is of v1 too. */
export async function startSolanaServerV1(offer: Offer): Promise<SolanaServer> {
  const { chain, facilitator, amount = 1000n, asset = devnetUsdc } = offer
  const payTo = offer.payTo ?? (await chain.createPayee(asset))
  const price = { amount: amount.toString(), asset: { address: asset, decimals: 6 } }
  const route = { price, network: 'solana-devnet', config: { description: 'A report' } } as const
  return sell(needOthers().expressV1(payTo, { 'GET /paid': route, 'POST /paid': route }, facilitator), payTo)
}
