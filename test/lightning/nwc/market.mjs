import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import {
  issueL402Macaroon,
  makeL402AuthenticateHeader,
  parseL402Authorization,
  verifyL402Macaroon,
} from '@getalby/lightning-tools'
import { NWCClient, NWCWalletService, NWCWalletServiceKeyPair } from '@getalby/sdk'
import bolt11 from 'bolt11'
import { generateSecretKey, getPublicKey, matchFilters } from 'nostr-tools'
import { bytesToHex } from 'nostr-tools/utils'
import { WebSocketServer } from 'ws'

const regtest = { bech32: 'bcrt', pubKeyHash: 0x6f, scriptHash: 0xc4, validWitnessVersions: [0, 1] }
const nodeKey = '11'.repeat(32)
const secret = 'a secret of the server that sells'

/** Nostr's relay, as far as Nostr Wallet Connect needs one: it keeps what it is sent. */
async function startRelay() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  const events = []
  const subscriptions = new Map()
  server.on('connection', (socket) => {
    const send = (message) => socket.readyState === socket.OPEN && socket.send(JSON.stringify(message))
    socket.on('message', (text) => {
      const [kind, first, ...filters] = JSON.parse(text)
      const key = `${first}`
      if (kind === 'CLOSE') subscriptions.get(socket)?.delete(key)
      if (kind === 'REQ') {
        const own = subscriptions.get(socket) ?? new Map()
        subscriptions.set(socket, own.set(key, filters))
        for (const event of events) if (matchFilters(filters, event)) send(['EVENT', key, event])
        send(['EOSE', key])
      }
      if (kind !== 'EVENT') return
      events.push(first)
      send(['OK', first.id, true, ''])
      for (const [other, own] of subscriptions)
        for (const [name, wanted] of own)
          if (matchFilters(wanted, first)) other.send(JSON.stringify(['EVENT', name, first]))
    })
    socket.on('close', () => subscriptions.delete(socket))
  })
  await new Promise((resolve) => server.once('listening', resolve))
  const close = () => {
    for (const client of server.clients) client.terminate()
    return new Promise((resolve) => server.close(resolve))
  }
  return { url: `ws://127.0.0.1:${server.address().port}`, close }
}

/** Issues invoices, and knows their preimages: what a Lightning node would do for the two sides. */
function createInvoices() {
  const preimages = new Map()
  const issue = (satoshis) => {
    const preimage = randomBytes(32)
    const hash = createHash('sha256').update(preimage).digest('hex')
    preimages.set(hash, preimage.toString('hex'))
    const tags = [
      { tagName: 'payment_hash', data: hash },
      { tagName: 'description', data: 'a report' },
      { tagName: 'expire_time', data: 600 },
      { tagName: 'payment_secret', data: '22'.repeat(32) },
    ]
    const { paymentRequest } = bolt11.sign(bolt11.encode({ network: regtest, satoshis, tags }), nodeKey)
    return { invoice: paymentRequest, hash }
  }
  return { issue, preimageOf: (hash) => preimages.get(hash) }
}

/** The wallet's side of Nostr Wallet Connect; what it has paid is in `paid`, also where its answer is held back. */
async function startWallet(relayUrl, invoices) {
  const walletSecret = bytesToHex(generateSecretKey())
  const clientSecret = bytesToHex(generateSecretKey())
  const paid = []
  const state = { holdsBack: false, onPaid: () => {} }
  const hashOf = (invoice) => bolt11.decode(invoice, regtest).tagsObject.payment_hash
  const transactionOf = (hash) => ({
    type: 'outgoing',
    state: 'settled',
    invoice: 'lnbcrt',
    description: '',
    description_hash: '',
    preimage: invoices.preimageOf(hash),
    payment_hash: hash,
    amount: 100_000,
    fees_paid: 7,
    created_at: 1,
    settled_at: 1,
    expires_at: 1,
  })
  const service = new NWCWalletService({ relayUrls: [relayUrl] })
  const pair = new NWCWalletServiceKeyPair(walletSecret, getPublicKey(Buffer.from(clientSecret, 'hex')))
  await service.publishWalletServiceInfoEvent(walletSecret, ['pay_invoice', 'lookup_invoice'], [])
  await service.subscribe(pair, {
    payInvoice: async ({ invoice }) => {
      const hash = hashOf(invoice)
      paid.push(hash)
      state.onPaid(hash)
      if (state.holdsBack) await new Promise(() => {})
      return { result: { preimage: invoices.preimageOf(hash), fees_paid: 7 }, error: undefined }
    },
    lookupInvoice: async ({ payment_hash: hash }) =>
      paid.includes(hash)
        ? { result: transactionOf(hash), error: undefined }
        : { result: undefined, error: { code: 'NOT_FOUND', message: 'not found' } },
  })
  const url = `nostr+walletconnect://${pair.walletPubkey}?relay=${encodeURIComponent(relayUrl)}&secret=${clientSecret}`
  return { url, paid, state, close: () => service.close() }
}

/** A server that sells by L402, by Alby's own functions. */
async function startShop(invoices) {
  const seen = { proofs: [], issued: 0, sold: 0 }
  const server = createServer(async (request, response) => {
    const { token, preimage } =
      (request.headers.authorization && parseL402Authorization(request.headers.authorization)) || {}
    if (token) seen.proofs.push(preimage)
    const known = token && (await verifyL402Macaroon(secret, token).catch(() => undefined))
    const hash = preimage && createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex')
    if (known?.paymentHash === hash && hash) {
      seen.sold += 1
      response.end('clear')
      return
    }
    const invoice = invoices.issue(100)
    seen.issued += 1
    const challenge = makeL402AuthenticateHeader({
      token: await issueL402Macaroon(secret, invoice.hash, {}),
      invoice: invoice.invoice,
    })
    response.writeHead(402, { 'WWW-Authenticate': challenge }).end('payment required')
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve)
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${server.address().port}/report`, seen, close }
}

/** A relay, a Lightning wallet behind it, and a server that sells. */
export async function startMarket() {
  const invoices = createInvoices()
  const relay = await startRelay()
  const wallet = await startWallet(relay.url, invoices)
  const shop = await startShop(invoices)
  const close = async () => {
    wallet.close()
    await shop.close()
    await relay.close()
  }
  return { wallet, shop, issue: invoices.issue, close }
}

/** A client of Nostr Wallet Connect, as an application makes one. */
export function openNwc(nostrWalletConnectUrl) {
  return new NWCClient({ nostrWalletConnectUrl })
}
