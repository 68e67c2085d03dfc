// Each by its own name, for tests that run with it where it is installed: see ../support/other-versions.ts.
export { default as Anthropic } from '@anthropic-ai/sdk'
export * as web3js198 from 'web3js-198'
export * as web3js3 from 'web3js-3'
export { createPaymentHeader } from 'x402/client'
export { settle, verify } from 'x402/facilitator'
export { createSigner } from 'x402/types'
export { paymentMiddleware as expressV1 } from 'x402-express'
export { paymentMiddleware as honoV1 } from 'x402-hono'
