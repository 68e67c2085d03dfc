import { verifyOfferSignatureEIP712, verifyReceiptSignatureJWS } from '@x402/extensions/offer-receipt'
import { describe, expect, test } from 'vitest'
import { type AgentWalletOptions, allowHosts, createAgentWallet, getPayment, memoryLedger } from '../../src/index.js'
import { signedReceipts } from '../../src/receipts/index.js'
import { testKeyStore } from '../../src/testing/index.js'
import {
  algorithms,
  createAttestingServer,
  createJwsIssuer,
  createTypedIssuer,
  type Tampering,
  type TestIssuer,
} from '../support/attesting-server.ts'

const url = 'https://api.example.com/report'

function createScene(
  issuers: { readonly offer: TestIssuer; readonly receipt?: TestIssuer | undefined },
  options: Partial<AgentWalletOptions> & { readonly tampering?: Tampering } = {},
) {
  const { tampering, ...settings } = options
  let own = issuers
  const server = createAttestingServer(
    { offer: () => own.offer, receipt: () => own.receipt },
    { ...(tampering && { tampering }) },
  )
  const wallet = createAgentWallet({
    keyStore: testKeyStore(),
    policy: [allowHosts(['api.example.com', 'other.example.com'])],
    attestations: signedReceipts(),
    fetch: (input, init) => server(new Request(input, init)),
    ...settings,
  })
  return {
    wallet,
    server,
    change: (next: typeof issuers) => {
      own = next
    },
  }
}

const both = (issuer: TestIssuer) => ({ offer: issuer, receipt: issuer })

describe('signed offers and receipts', () => {
  test.each<[string, () => TestIssuer]>([
    ['typed data', createTypedIssuer],
    ...algorithms.map((one) => [`JWS by ${one}`, () => createJwsIssuer(one)] as [string, () => TestIssuer]),
  ])('attest a payment: %s', async (_what, create) => {
    const issuer = create()
    const { wallet } = createScene(both(issuer))
    const payment = getPayment(await wallet.fetch(url))
    expect(payment).toMatchObject({ status: 'claimed', receipt: { attestedBy: issuer.key }, note: undefined })
    const [kept] = await wallet.payments.list()
    expect(kept?.receipt).toMatchObject({ attestedBy: issuer.key, attestation: payment?.receipt?.attestation })
  })

  test('are kept as they came, for anybody to verify, and exported', async () => {
    const issuer = createTypedIssuer()
    const { wallet } = createScene(both(issuer))
    await wallet.fetch(url)
    const [row] = JSON.parse(await wallet.payments.export('json'))
    expect(row.attestedBy).toBe(issuer.key)
    const offer = await verifyOfferSignatureEIP712(JSON.parse(row.signedOffer))
    expect(offer).toMatchObject({ signer: issuer.key, payload: { resourceUrl: url, amount: '10000' } })
    const jws = createJwsIssuer('ES256')
    const other = createScene(both(jws))
    await other.wallet.fetch(url)
    const [written] = JSON.parse(await other.wallet.payments.export('json'))
    expect(await verifyReceiptSignatureJWS(JSON.parse(written.signedReceipt))).toMatchObject({ resourceUrl: url })
    expect(await other.wallet.payments.export('csv')).toContain(jws.key)
  })

  test('are not kept with the query of a URL, which is kept nowhere', async () => {
    const issuer = createTypedIssuer()
    const { wallet } = createScene(both(issuer))
    const payment = getPayment(await wallet.fetch(`${url}?token=secret-7`))
    expect(payment?.receipt?.attestedBy).toBe(issuer.key)
    expect(JSON.stringify(await wallet.payments.list())).not.toContain('secret-7')
    expect(payment?.receipt?.attestation).toBeUndefined()
  })

  test('of a server that signs none change nothing, and are not missed', async () => {
    const { wallet } = createScene(both(createTypedIssuer()), { attestations: undefined })
    expect(getPayment(await wallet.fetch(url))?.receipt?.attestedBy).toBeUndefined()
  })

  const issuer = createTypedIssuer()
  test.each<[string, Tampering, RegExp]>([
    ['another resource', { url: 'https://api.example.com/other' }, /another resource/],
    ['another origin', { url: 'http://api.example.com/report' }, /another resource/],
    ['another payer', { payer: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C' }, /another payer/],
    ['another network', { network: 'eip155:8453' }, /another network/],
    ['another transaction', { transaction: `0x${'77'.repeat(32)}` }, /another transaction/],
    ['another price', { amount: '9999' }, /no signed offer is the one that was paid/],
    [
      'a changed payload',
      {
        receipt: (one) => ({
          ...one,
          payload: { ...Object(one['payload']), issuedAt: Math.floor(Date.now() / 1000) + 3 },
        }),
      },
      /two keys signed/,
    ],
    ['no signature', { receipt: (one) => ({ ...one, signature: undefined }) }, /form that is not known/],
    [
      'a signature that is none',
      { receipt: (one) => ({ ...one, signature: `0x${'ff'.repeat(65)}` }) },
      /signature that is none/,
    ],
    [
      'another version',
      { receipt: (one) => ({ ...one, payload: { ...Object(one['payload']), version: 2 } }) },
      /cannot be read/,
    ],
    [
      'an old receipt',
      { receipt: (one) => ({ ...one, payload: { ...Object(one['payload']), issuedAt: 1_700_000_000 } }) },
      /another time/,
    ],
    ['thousands of characters', { receipt: (one) => ({ ...one, more: 'a'.repeat(5000) }) }, /longer than 4096/],
    ['words in place of a receipt', { receipt: () => 'paid, promise' }, /form that is not known/],
    ['words in place of offers', { offers: () => ['cheap'] }, /no signed offer is the one/],
  ])('that are faulty take nothing away, and attest nothing: %s', async (_what, tampering, reason) => {
    const { wallet, server } = createScene(both(issuer), { tampering })
    const response = await wallet.fetch(url)
    expect(response.status).toBe(200)
    expect(await response.text()).not.toBe('')
    const payment = getPayment(response)
    expect(payment).toMatchObject({ status: 'claimed', receipt: { status: 'claimed' } })
    expect(payment?.receipt?.attestedBy).toBeUndefined()
    expect(payment?.note).toMatch(/^not attested: /)
    expect(payment?.note).toMatch(reason)
    expect(server.till.payments).toHaveLength(1)
  })

  test('that are promised and do not come are told of', async () => {
    const { wallet } = createScene({ offer: createTypedIssuer() })
    const payment = getPayment(await wallet.fetch(url))
    expect(payment).toMatchObject({ status: 'claimed', note: 'not attested: its server gave no signed receipt' })
  })

  test.each<[string, () => TestIssuer, RegExp]>([
    [
      'a key that would have to be fetched',
      () => createJwsIssuer('ES256', { kid: 'did:web:api.example.com#key-1' }),
      /none is fetched/,
    ],
    ['no key at all', () => createJwsIssuer('ES256', { kid: 'key-1' }), /none is fetched/],
    [
      'another key than it names',
      () => createJwsIssuer('ES256', { kid: createJwsIssuer('ES256').key }),
      /not of its key/,
    ],
    ['another algorithm than it names', () => createJwsIssuer('ES256', { algorithm: 'ES256K' }), /another algorithm/],
    ['no algorithm', () => createJwsIssuer('ES256', { algorithm: 'none' }), /another algorithm/],
  ])('by JWS are not believed of %s', async (_what, create, reason) => {
    const { wallet } = createScene(both(create()))
    const payment = getPayment(await wallet.fetch(url))
    expect(payment?.receipt?.attestedBy).toBeUndefined()
    expect(payment?.note).toMatch(reason)
  })

  test('are of the key that signed first for an origin, in every process, and of another for another origin', async () => {
    const [first, second] = [createTypedIssuer(), createJwsIssuer('EdDSA')]
    const ledger = memoryLedger()
    const { wallet, change } = createScene(both(first), { ledger })
    expect(getPayment(await wallet.fetch(url))?.receipt?.attestedBy).toBe(first.key)
    change(both(second))
    const changed = getPayment(await wallet.fetch(`${url}?2`))
    expect(changed?.receipt?.attestedBy).toBeUndefined()
    expect(changed?.note).toBe('not attested: the receipt is signed by another key than the origin has')
    expect(getPayment(await wallet.fetch('https://other.example.com/report'))?.receipt?.attestedBy).toBe(second.key)
    const later = createScene(both(second), { ledger })
    expect(getPayment(await later.wallet.fetch(`${url}?3`))?.receipt?.attestedBy).toBeUndefined()
    change(both(first))
    expect(getPayment(await wallet.fetch(`${url}?4`))?.receipt?.attestedBy).toBe(first.key)
  })

  test('are of those keys alone that the owner names', async () => {
    const [first, second] = [createTypedIssuer(), createTypedIssuer()]
    const attestations = signedReceipts({ issuers: { 'https://api.example.com': [second.key] } })
    const { wallet, change } = createScene(both(first), { attestations })
    expect(getPayment(await wallet.fetch(url))?.receipt?.attestedBy).toBeUndefined()
    change(both(second))
    expect(getPayment(await wallet.fetch(`${url}?2`))?.receipt?.attestedBy).toBe(second.key)
  })

  test('whose issuers cannot be read are refused before there is a wallet', () => {
    for (const issuers of [
      { 'api.example.com': ['0x0'] },
      { 'https://api.example.com': [] },
      { 'https://api.example.com/': [createTypedIssuer().key] },
    ])
      expect(() => signedReceipts({ issuers })).toThrow(expect.objectContaining({ code: 'configuration_invalid' }))
    expect(() => signedReceipts({ issuer: {} } as never)).toThrow(/issuers/)
  })

  test('that fail to be looked at hold up and lose nothing', async () => {
    const attestations = {
      ...signedReceipts(),
      read: () => {
        throw new Error('https://node.example/key')
      },
    }
    const { wallet } = createScene(both(createTypedIssuer()), { attestations })
    const payment = getPayment(await wallet.fetch(url))
    expect(payment).toMatchObject({
      status: 'claimed',
      note: 'not attested: the signed receipt could not be looked at',
    })
  })
})
