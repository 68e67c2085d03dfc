import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { others } from '../support/other-versions.ts'
import {
  createOfficialClient,
  createOfficialClientV1,
  createWeb3Client,
  devnetUsdc,
  readReceipt,
  createSolanaKeyPair,
  type SolanaFacilitator,
  type SolanaKeyPair,
  type SolanaServer,
  solanaDevnet,
  startSolana,
  startSolanaFacilitator,
  startSolanaFacilitatorV1,
  startSolanaServer,
  startSolanaServerV1,
  type TestSolana,
  transferFee,
  web3Versions,
} from '../support/solana/index.ts'

const price = 1000n
const funds = 1_000_000n
const pyusd = 'CXk2AMBfi3TwaEL2468s6zP8xq9NxTXjp9gjMgzeUynM'

const clients = {
  '@x402/fetch': createOfficialClient,
  ...Object.fromEntries(
    Object.entries(web3Versions).map(([version, web3]) => [
      `@solana/web3.js ${version}`,
      async (chain: TestSolana, payer: SolanaKeyPair) => createWeb3Client(web3, chain, payer),
    ]),
  ),
}

let chain: TestSolana
let facilitator: SolanaFacilitator
let server: SolanaServer | undefined

beforeEach(async () => {
  chain = await startSolana()
  facilitator = await startSolanaFacilitator(chain)
})
afterEach(async () => {
  await server?.close()
  await facilitator?.close()
  await chain?.close()
})

describe.each(Object.entries(clients))('%s on the local chain', (_name, createClient) => {
  test('pays a server of @x402/express, exactly', async () => {
    server = await startSolanaServer({ chain, facilitator })
    const payer = await chain.createPayer(funds)
    const lamports = chain.lamportsOf(facilitator.feePayer)

    const response = await (await createClient(chain, payer))(`${server.url}/paid`)

    expect(response.status).toBe(200)
    const [landed, ...others] = chain.landed()
    expect(others).toEqual([])
    expect(landed?.outcome.error).toBe(null)
    expect(readReceipt(response)).toMatchObject({
      success: true,
      payer: payer.address,
      transaction: landed?.signature,
      network: solanaDevnet,
    })
    expect(await chain.tokenBalance(payer.address, devnetUsdc)).toBe(funds - price)
    expect(await chain.tokenBalance(server.payTo, devnetUsdc)).toBe(price)
    expect(chain.lamportsOf(facilitator.feePayer)).toBe(lamports - 10_001n)
    expect(server.sales()).toBe(1)
  })

  test('pays in Token-2022, with the memo and the blockhash of the offer', async () => {
    chain.putMint(pyusd, { program: 'spl-token-2022' })
    server = await startSolanaServer({ chain, facilitator, asset: pyusd, memo: 'order 42', blockhash: 'embedded' })
    const payer = await chain.createPayer(funds, pyusd)

    const response = await (await createClient(chain, payer))(`${server.url}/paid`)

    expect(response.status).toBe(200)
    expect(await chain.tokenBalance(payer.address, pyusd)).toBe(funds - price)
    expect(await chain.tokenBalance(server.payTo, pyusd)).toBe(price)
    expect(chain.counts()).not.toHaveProperty('client getLatestBlockhash')
    const [landed] = chain.landed()
    expect(landed?.message.instructions.map(({ data }) => Buffer.from(data).toString()).at(-1)).toBe('order 42')
  })

  test('pays ten times in parallel', async () => {
    server = await startSolanaServer({ chain, facilitator })
    const payer = await chain.createPayer(funds)
    const buy = await createClient(chain, payer)

    const responses = await Promise.all(Array.from({ length: 10 }, () => buy(`${server?.url}/paid`)))

    expect(responses.map((response) => response.status)).toEqual(Array(10).fill(200))
    const receipts = responses.map((response) => readReceipt(response).transaction)
    expect(new Set(receipts)).toEqual(new Set(chain.landed().map((landed) => landed.signature)))
    expect(chain.landed()).toHaveLength(10)
    expect(await chain.tokenBalance(payer.address, devnetUsdc)).toBe(funds - 10n * price)
    expect(await chain.tokenBalance(server.payTo, devnetUsdc)).toBe(10n * price)
  })
})

describe.runIf(others)('the official packages of x402 v1 on the local chain', () => {
  let facilitatorV1: SolanaFacilitator

  beforeEach(async () => {
    facilitatorV1 = await startSolanaFacilitatorV1(chain)
    server = await startSolanaServerV1({ chain, facilitator: facilitatorV1 })
  })
  afterEach(() => facilitatorV1?.close())

  test('pay, exactly', async () => {
    const payer = await chain.createPayer(funds)

    const response = await (await createOfficialClientV1(chain, payer))(`${server?.url}/paid`)

    expect(response.status).toBe(200)
    expect(readReceipt(response)).toMatchObject({ success: true, transaction: chain.landed()[0]?.signature })
    expect(await chain.tokenBalance(payer.address, devnetUsdc)).toBe(funds - price)
    expect(await chain.tokenBalance(server?.payTo ?? '', devnetUsdc)).toBe(price)
    expect(chain.counts()).toMatchObject({ 'facilitator signatureSubscribe': 1, 'facilitator slotSubscribe': 1 })
  })

  test('pay ten times in parallel for ten payers', async () => {
    const payers = await Promise.all(Array.from({ length: 10 }, () => chain.createPayer(funds)))
    const clients = await Promise.all(payers.map((payer) => createOfficialClientV1(chain, payer)))

    const responses = await Promise.all(clients.map((buy) => buy(`${server?.url}/paid`)))

    expect(responses.map((response) => response.status)).toEqual(Array(10).fill(200))
    const left = await Promise.all(payers.map(({ address }) => chain.tokenBalance(address, devnetUsdc)))
    expect(left).toEqual(Array(10).fill(funds - price))
    expect(await chain.tokenBalance(server?.payTo ?? '', devnetUsdc)).toBe(10n * price)
  })
})

describe('the official facilitator on the local chain', () => {
  const reasonOf = (response: Response): unknown => {
    const header = Buffer.from(response.headers.get('payment-required') ?? '', 'base64').toString()
    return (JSON.parse(header) as { readonly error?: unknown }).error
  }
  const simulationFailed = 'invalid_exact_svm_transaction_simulation_failed'

  test('refuses a payment to who has no account for the token', async () => {
    server = await startSolanaServer({ chain, facilitator, payTo: createSolanaKeyPair().address })
    const payer = await chain.createPayer(funds)
    const response = await (await createOfficialClient(chain, payer))(`${server.url}/paid`)
    expect([response.status, reasonOf(response)]).toEqual([402, simulationFailed])
    expect(chain.landed()).toEqual([])
  })

  test('refuses a payment whose blockhash is too old by then', async () => {
    server = await startSolanaServer({ chain, facilitator })
    const payer = await chain.createPayer(funds)
    chain.lie('getLatestBlockhash', (truth) => {
      chain.tick(145)
      return truth
    })
    const response = await (await createOfficialClient(chain, payer))(`${server.url}/paid`)
    expect([response.status, reasonOf(response)]).toEqual([402, simulationFailed])
    expect(await chain.tokenBalance(payer.address, devnetUsdc)).toBe(funds)
  })

  test('waits for the block that confirms a payment', async () => {
    await chain.close()
    chain = await startSolana({ mining: { slotMs: 100 } })
    await facilitator.close()
    facilitator = await startSolanaFacilitator(chain)
    server = await startSolanaServer({ chain, facilitator })
    const payer = await chain.createPayer(funds)
    const response = await (await createOfficialClient(chain, payer))(`${server.url}/paid`)
    expect(response.status).toBe(200)
    expect(chain.landed()[0]?.block.slot).toBeLessThan(chain.blockAt('processed').slot)
  })
})

describe('a token that keeps a part of each transfer', () => {
  test('is settled by the official facilitator although less arrives than was asked', async () => {
    chain.putMint(pyusd, { extensions: [transferFee({ basisPoints: 100, max: 1_000n })] })
    server = await startSolanaServer({ chain, facilitator, asset: pyusd })
    const payer = await chain.createPayer(funds, pyusd)

    const response = await (await createOfficialClient(chain, payer))(`${server.url}/paid`)

    expect(response.status).toBe(200)
    expect(await chain.tokenBalance(payer.address, pyusd)).toBe(funds - price)
    expect(await chain.tokenBalance(server.payTo, pyusd)).toBe(price - 10n)
  })
})
