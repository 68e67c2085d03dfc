/**
 * Shows where the pinned table of tokens differs from what others publish: the reference implementations of x402, Circle and
 * viem. It changes nothing: which of them is right is for a person to find out.
 * A token is added where its issuer publishes its address, and somebody the domain that is signed in: of many networks on
 * which USDC is native no package says that.
 */
import { createRequire } from 'node:module'
import { DEFAULT_ASSETS as evmAssets } from '@x402/evm'
import { DEFAULT_ASSETS as svmAssets } from '@x402/svm'
import * as chains from 'viem/chains'
import { usdc } from 'viem/tokens'
import { pinnedAssets } from '../../src/assets/pinned.ts'

type Published = {
  readonly asset: string
  readonly symbol?: string
  readonly decimals?: number
  readonly name?: string
  readonly version?: string
  readonly assetTransferMethod?: string
}
type CircleChain = {
  readonly type: string
  readonly name: string
  readonly chainId?: number
  readonly isTestnet: boolean
  readonly usdcAddress: string | null
}

const pinned = pinnedAssets()
const lower = (address: string): string => (address.startsWith('0x') ? address.toLowerCase() : address)
const find = (network: string, address: string) =>
  pinned.find((one) => one.network === network && lower(one.address) === lower(address))

/** What x402's own packages have, of both families. */
function compareWithX402(): readonly string[] {
  const published = Object.entries({ ...evmAssets, ...svmAssets } as Readonly<Record<string, readonly Published[]>>)
  const found = new Set<string>()
  const differences = published.flatMap(([network, tokens]) =>
    tokens.flatMap(({ asset, symbol, decimals, name, version, assetTransferMethod = 'eip3009' }) => {
      found.add(`${network} ${lower(asset)}`)
      const own = find(network, asset)
      if (!own) return [`${network}: it has ${symbol ?? 'a token'} at ${asset}, and we have not`]
      const isEvm = network.startsWith('eip155:')
      const fields = [
        ['symbol', own.symbol, symbol],
        ['decimals', own.decimals, decimals],
        ...(isEvm
          ? ([
              ['name', own.eip712?.name, name],
              ['version', own.eip712?.version, version],
              ['transfer', own.transfer, assetTransferMethod],
            ] as const)
          : []),
      ] as const
      return fields.flatMap(([field, ours, theirs]) =>
        theirs === undefined || ours === theirs
          ? []
          : [`${network} ${own.symbol}: ${field} is ${String(theirs)} there, and ${String(ours)} here`],
      )
    }),
  )
  const more = pinned
    .filter(({ network, address }) => !found.has(`${network} ${lower(address)}`))
    .map(({ network, symbol, address }) => `${network}: we have ${symbol} at ${address}, and it has not`)
  return [...differences, ...more]
}

/** Where Circle says that its USDC is native. */
function compareWithCircle(): readonly string[] {
  const require = createRequire(import.meta.url)
  const { CCTPV2BridgingProvider } = require('@circle-fin/provider-cctp-v2') as {
    readonly CCTPV2BridgingProvider: new () => { readonly supportedChains: readonly CircleChain[] }
  }
  return new CCTPV2BridgingProvider().supportedChains.flatMap(({ type, name, chainId, usdcAddress }) => {
    if (type !== 'evm' || usdcAddress === null) return []
    const network = `eip155:${chainId}`
    const own = pinned.find((one) => one.network === network && one.symbol === 'USDC')
    if (!own) return [`${network}: it has USDC at ${usdcAddress} (${name}), and we have not`]
    return lower(own.address) === lower(usdcAddress)
      ? []
      : [`${network}: USDC is at ${usdcAddress} there, and at ${own.address} here`]
  })
}

/** Where viem says that USDC is. */
function compareWithViemTokens(): readonly string[] {
  return Object.entries(usdc.addresses).flatMap(([id, address]) => {
    const own = pinned.find((one) => one.network === `eip155:${id}` && one.symbol === 'USDC')
    if (!own) return [`eip155:${id}: it has USDC at ${address}, and we have not`]
    return lower(own.address) === lower(address)
      ? []
      : [`eip155:${id}: USDC is at ${address} there, and at ${own.address} here`]
  })
}

/** Networks that nobody else knows by their number. */
function compareWithViem(): readonly string[] {
  const known = new Set(Object.values(chains).map(({ id }) => `eip155:${id}`))
  const networks = new Set(pinned.map(({ network }) => network).filter((one) => one.startsWith('eip155:')))
  return [...networks].filter((network) => !known.has(network)).map((network) => `${network}: it knows no such chain`)
}

const sources = {
  '@x402/evm and @x402/svm': compareWithX402,
  'Circle (@circle-fin/provider-cctp-v2)': compareWithCircle,
  'viem/tokens': compareWithViemTokens,
  'viem/chains': compareWithViem,
}
for (const [name, compare] of Object.entries(sources)) {
  const differences = compare()
  console.log(`\n${name}: ${differences.length === 0 ? 'the same' : differences.length}`)
  for (const one of differences) console.log(`  ${one}`)
}
