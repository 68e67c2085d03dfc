/**
 * The clients that stipend is compared with, each set up as its own README says, with a spending limit where it has one.
 * Each loads only itself, so that a process that measures one holds nothing of another. `createOnSolana` is there where it pays
 * on Solana as well, and takes a key in base58 and the URL of a node.
 */
import { createRequire } from 'node:module'

const read = createRequire(import.meta.url)
const chainId = 84_532
const devnet = 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1'
const devnetUsdc = '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU'

/** Setups by name; `protocols` says what each speaks, on EVM chains. */
export const clients = {
  '@x402/fetch': {
    package: '@x402/fetch',
    protocols: ['x402 v2', 'x402 v1'],
    create: async ({ privateKey, fetch }) => {
      const { wrapFetchWithPayment, x402Client } = await import('@x402/fetch')
      const { registerExactEvmScheme } = await import('@x402/evm/exact/client')
      const { UptoEvmScheme } = await import('@x402/evm/upto/client')
      const client = new x402Client()
      const signer = await accountOf(privateKey)
      registerExactEvmScheme(client, { signer, networks: [`eip155:${chainId}`] })
      client.register(`eip155:${chainId}`, new UptoEvmScheme(signer))
      return wrapFetchWithPayment(fetch, client)
    },
    createOnSolana: async ({ privateKey, rpcUrl, fetch }) => {
      const { wrapFetchWithPayment, x402Client } = await import('@x402/fetch')
      const { ExactSvmScheme } = await import('@x402/svm/exact/client')
      const { ExactSvmSchemeV1 } = await import('@x402/svm/exact/v1/client')
      const { createKeyPairSignerFromBytes } = await import('@solana/kit')
      const signer = await createKeyPairSignerFromBytes(await bytesOf(privateKey))
      const client = new x402Client()
        .register(devnet, new ExactSvmScheme(signer, { rpcUrl }))
        .registerV1('solana-devnet', new ExactSvmSchemeV1(signer, { rpcUrl }))
      return wrapFetchWithPayment(fetch, client)
    },
  },
  'x402-fetch': {
    package: 'x402-fetch',
    protocols: ['x402 v1'],
    create: async ({ privateKey, fetch }) => {
      const { createSigner, wrapFetchWithPayment } = await import('x402-fetch')
      return wrapFetchWithPayment(fetch, await createSigner('base-sepolia', privateKey))
    },
    createOnSolana: async ({ privateKey, rpcUrl, fetch }) => {
      const { createSigner, wrapFetchWithPayment } = await import('x402-fetch')
      const signer = await createSigner('solana-devnet', privateKey)
      return wrapFetchWithPayment(fetch, signer, undefined, undefined, { svmConfig: { rpcUrl } })
    },
  },
  '@faremeter/fetch': {
    package: '@faremeter/fetch',
    protocols: ['x402 v2', 'x402 v1'],
    create: async ({ privateKey, fetch }) => {
      const { wrap } = await import('@faremeter/fetch')
      const { createPaymentHandler } = await import('@faremeter/payment-evm/exact')
      const { createLocalWallet } = await import('@faremeter/wallet-evm')
      const { baseSepolia } = await import('viem/chains')
      const wallet = await createLocalWallet(baseSepolia, privateKey)
      return wrap(fetch, { handlers: [createPaymentHandler(wallet)] })
    },
    createOnSolana: async ({ privateKey, rpcUrl, fetch }) => {
      const { wrap } = await import('@faremeter/fetch')
      const { createPaymentHandler } = await import('@faremeter/payment-solana/exact')
      const { createLocalWallet } = await import('@faremeter/wallet-solana')
      const wallet = await createLocalWallet('devnet', await bytesOf(privateKey))
      return wrap(fetch, { handlers: [createPaymentHandler(wallet, devnetUsdc, rpcUrl)] })
    },
  },
  mppx: {
    package: 'mppx',
    protocols: ['x402 v2', 'MPP'],
    create: async ({ privateKey, fetch }) => {
      const { evm, Mppx } = await import('mppx/client')
      const account = await accountOf(privateKey)
      const method = evm({ account, currencies: [evm.assets.baseSepolia.USDC], networks: [chainId], maxAmount: '1' })
      return Mppx.create({ polyfill: false, methods: [method], fetch }).fetch
    },
  },
  'hand-written on viem': {
    package: 'viem',
    protocols: ['x402 v2'],
    create: async ({ privateKey, fetch }) => payByHand(await accountOf(privateKey), fetch),
  },
}

/** The version of a package that is installed here. */
export function versionOf(name) {
  const [path] = read.resolve
    .paths(name)
    .map((folder) => `${folder}/${name}/package.json`)
    .filter((file) => {
      try {
        return Boolean(read(file))
      } catch {
        return false
      }
    })
  return path === undefined ? undefined : read(path).version
}

async function bytesOf(base58) {
  const { getBase58Encoder } = await import('@solana/kit')
  return new Uint8Array(getBase58Encoder().encode(base58))
}

async function accountOf(privateKey) {
  const { privateKeyToAccount } = await import('viem/accounts')
  return privateKeyToAccount(privateKey)
}

const types = {
  TransferWithAuthorization: [
    { name: 'from', type: 'address' },
    { name: 'to', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'validAfter', type: 'uint256' },
    { name: 'validBefore', type: 'uint256' },
    { name: 'nonce', type: 'bytes32' },
  ],
}

/** What one writes in an afternoon: it takes the first offer, and trusts the server in everything. */
function payByHand(account, fetch) {
  return async (input, init) => {
    const response = await fetch(input, init)
    if (response.status !== 402) return response
    const { resource, accepts } = JSON.parse(atob(response.headers.get('payment-required')))
    const [accepted] = accepts
    const { name, version } = accepted.extra
    const nonce = `0x${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')}`
    const validBefore = String(Math.floor(Date.now() / 1000) + accepted.maxTimeoutSeconds)
    const authorization = {
      from: account.address,
      to: accepted.payTo,
      value: accepted.amount,
      validAfter: '0',
      validBefore,
      nonce,
    }
    const signature = await account.signTypedData({
      domain: { name, version, chainId: Number(accepted.network.split(':')[1]), verifyingContract: accepted.asset },
      types,
      primaryType: 'TransferWithAuthorization',
      message: authorization,
    })
    const payment = btoa(JSON.stringify({ x402Version: 2, resource, accepted, payload: { signature, authorization } }))
    return fetch(input, { ...init, headers: { ...init?.headers, 'PAYMENT-SIGNATURE': payment } })
  }
}
