import { ConfigurationError } from '../errors.js'

/**
 * Refuses what is neither a wallet nor a session, such as a key: that signs whatever it is asked to, without limits.
 *
 * @throws ConfigurationError that says what to pass.
 */
export function requirePayer(reader: string, payer: unknown): void {
  const { authorize, signTypedData, getSigner, signMessage } = Object(payer)
  if (typeof authorize === 'function') return
  const isKey = [signTypedData, getSigner, signMessage].some((one) => typeof one === 'function')
  throw new ConfigurationError(`Failed to read ${reader}: expected a wallet or a session`, {
    details: [
      isKey
        ? 'This is a key, which has no limits: make a wallet of it, createAgentWallet({ keyStore, policy }), with account() of stipend/keys.'
        : 'Pass what createAgentWallet() made, or its session().',
    ],
  })
}
