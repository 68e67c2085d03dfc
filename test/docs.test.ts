import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as stipend from 'stipend'
import * as chains from 'viem/chains'
import { describe, expect, test } from 'vitest'
import { settings } from '../adapters/mcp/stdio/known-settings.js'
import { pinnedAssets } from '../src/assets/pinned.js'

const root = fileURLToPath(new URL('../', import.meta.url))
const pages = [
  'README.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  'ARCHITECTURE.md',
  ...globSync('docs/*.md', { cwd: root }),
]
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

const solanaNames: Readonly<Record<string, string>> = {
  'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp': 'Solana',
  'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1': 'Solana Devnet',
  'solana:4uhcVJyU9pJkvQyS88uRDiswHXSCkY3z': 'Solana Testnet',
}

/** What viem calls a chain; the id says all there is to say of one that it does not know. */
function nameOf(network: string): string {
  const known = Object.values(chains).find((chain) => 'id' in chain && `eip155:${chain.id}` === network)
  return solanaNames[network] ?? (known && 'name' in known ? known.name : '–')
}

function networksPage(): string {
  const rows = pinnedAssets()
    .map(({ network, symbol, address, transfer }) => ({ name: nameOf(network), network, symbol, address, transfer }))
    .toSorted((one, other) => one.name.localeCompare(other.name, 'en') || one.symbol.localeCompare(other.symbol, 'en'))
    .map(
      ({ name, network, symbol, address, transfer }) =>
        `| ${name} | \`${network}\` | ${symbol} | \`${address}\` | ${transfer} |`,
    )
  return `# Networks and tokens

What the package knows by itself, made from its table by \`npx vitest run test/docs.test.ts --update\`. Contracts, decimals and
signing domains come from here and never from a server; an offer that differs is set aside with a reason.

Tokens that move by \`permit2\` are paid through x402's own contract, and only up to what the wallet's owner has allowed Permit2 to
move, which takes one \`approve(0x000000000022D473030F116dDEE9F6B43aC78BA3, amount)\` of the token, or a server that pays for the gas of a permit of exactly the amount (\`eip2612GasSponsoring\`; a chain has to be configured). For tokens that take no permit, \`sponsoredApprovals: { maxFeeWei }\` of \`evm(…)\` lets an \`approve\` of exactly the amount be signed, which the server's facilitator sends (\`erc20ApprovalGasSponsoring\`): it is a transaction of the wallet's own account, whose gas may cost it so much, and has no end of its own. That gas counts under no limit in dollars: a server that lets the wallet pay for it can use up so much with each payment, and only limits on the number of payments bound it. Let approvals be signed only with an account that holds little of the chain's coin, or none. \`wallet.allowances()\` lists what such a one leaves, and those that can still come (\`isPending\`), of payments as they were signed last. \`wallet.revoke()\` ends what one leaves, and makes void one that was not sent. Where a server has sent one whose gas price is too low for a block, transactions of the account are pending: \`revoke\`, \`act\` and refills say so and do nothing until it is executed, or dropped by the nodes. stipend approves nothing else. \`uptoEvm()\` in \`schemes\` pays by use in the same way.

To fund a wallet, send the token on its network to the address that \`wallet.addresses()\` lists for it. For an EVM wallet that is
one address on all networks. Payments need no gas. Free test money: [faucet.circle.com](https://faucet.circle.com) (Base
Sepolia, Arbitrum Sepolia, Solana Devnet and others).

| network | id | token | address | moves by |
|---|---|---|---|---|
${rows.join('\n')}

## A token of your own

\`\`\`ts
const wallet = createAgentWallet({
  keyStore,
  policy,
  assets: [
    {
      network: 'eip155:8453',
      address: '0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42',
      symbol: 'EURC',
      decimals: 6,
      eip712: { name: 'EURC', version: '2' },
      microUsd: 1_100_000n, // what one whole token is worth
    },
  ],
})
\`\`\`

It is worth what you say it is. Of offers at one price, the one in the token that comes first is paid: yours in their order, then
the table's.
`
}

describe('the documentation', () => {
  test('has the table of networks and tokens that the package has', async () => {
    await expect(networksPage()).toMatchFileSnapshot(join(root, 'docs/networks.md'))
  })

  test('links to what is there', () => {
    const broken = pages.flatMap((page) => {
      const links = [...read(page).matchAll(/\]\((?!https?:|mailto:)([^)\s#]*)(?:#[^)\s]*)?\)/g)]
      return links
        .map(([, path = '']) => path)
        .filter((path) => path !== '' && !existsSync(join(root, dirname(page), path)))
        .map((path) => `${page}: ${path}`)
    })
    expect(pages.length).toBeGreaterThan(15)
    expect(broken).toEqual([])
  })

  test('links to headings that are there', () => {
    const slug = (heading: string): string =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\s-]/g, '')
        .trim()
        .replaceAll(/\s/g, '-')
    const headings = (page: string): readonly string[] =>
      [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => slug(heading))
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:)([^)\s#]*)#([^)\s]+)\)/g)]
        .filter(([, path = '', anchor = '']) => {
          const target = path === '' ? page : join(dirname(page), path)
          return !headings(target).includes(anchor)
        })
        .map(([link]) => `${page}: ${link}`),
    )
    expect(broken).toEqual([])
  })

  test('is listed, page by page, in its index', () => {
    const index = read('docs/README.md')
    const missing = globSync('docs/*.md', { cwd: root })
      .map((page) => page.slice('docs/'.length))
      .filter((page) => page !== 'README.md' && !index.includes(`(${page})`))
    expect(missing).toEqual([])
  })

  test('says of every error what to do', () => {
    const errors = globSync('src/errors/*.ts', { cwd: root }).map(read).join('')
    const codes = [...errors.matchAll(/readonly code = '(\w+)'/g)].map(([, code = '']) => code)
    const told = read('docs/troubleshooting.md')
    expect(codes.length).toBeGreaterThan(20)
    expect(codes.filter((code) => !told.includes(`\`${code}\``))).toEqual([])
    expect(Object.keys(stipend).filter((name) => name.endsWith('Error')).length).toBeGreaterThan(20)
  })

  test('names every setting of the MCP program, and no other', () => {
    const told = new Set([...read('docs/mcp.md').matchAll(/`(STIPEND_\w+)`/g)].map(([, name = '']) => name))
    expect([...told].toSorted()).toEqual(settings.map(({ name }) => name).toSorted())
  })

  test('says of every peer what it is installed for', () => {
    const { peerDependencies } = JSON.parse(read('package.json')) as { readonly peerDependencies: object }
    const [, table = ''] = read('docs/quickstart.md').split('\n## What else to install\n')
    expect(Object.keys(peerDependencies).filter((name) => !table.includes(`\`${name}\``))).toEqual([])
  })

  test.each(['ARCHITECTURE.md', 'CONTRIBUTING.md'])('names in %s files and folders that are there', (page) => {
    const named = [...read(page).matchAll(/`((?:src|adapters|test|examples|scripts)\/[\w./-]*)`/g)].map(
      ([, path = '']) => path,
    )
    expect(named.length).toBeGreaterThan(5)
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })

  test('names in CONTRIBUTING.md every command there is', () => {
    const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> }
    const told = new Set([...read('CONTRIBUTING.md').matchAll(/npm (?:run )?([\w:-]+)/g)].map(([, name = '']) => name))
    expect(Object.keys(scripts).filter((name) => name !== 'prepublishOnly' && !told.has(name))).toEqual([])
  })

  test('has every folder of the sources in its picture', () => {
    const told = read('ARCHITECTURE.md')
    const folders = globSync('src/*/', { cwd: root }).map((folder) => `\`${folder.replace(/\/?$/, '/')}\``)
    expect(folders.length).toBeGreaterThan(10)
    expect(folders.filter((folder) => !told.includes(folder))).toEqual([])
  })

  test('begins with a page that is read in five minutes', () => {
    expect(read('README.md').split(/\s+/).length).toBeLessThan(900)
  })
})
