import { allowHosts, createAgentWallet, isStipendError } from 'stipend'
import { l402 } from 'stipend/l402'
import { sqliteLedger } from 'stipend/sqlite'
import { testKeyStore } from 'stipend/testing'

type Options = { readonly market: string; readonly nwc: string; readonly url: string; readonly file: string }

/** Buys once by L402 with a wallet of Nostr Wallet Connect, and says how that went. */
const options: Options = JSON.parse(process.argv[2] ?? '{}')
const { openNwc } = await import(options.market)
const client = openNwc(options.nwc)
const wallet = createAgentWallet({
  keyStore: testKeyStore(),
  ledger: sqliteLedger(options.file),
  policy: [allowHosts(['http://127.0.0.1:*'])],
  paymentMethods: [l402({ wallet: client, btcUsd: '100000', network: 'regtest' })],
})
const said = await wallet.fetch(options.url).then(
  async (response) => ({ status: response.status, text: await response.text() }),
  (error: unknown) => ({ code: isStipendError(error) ? error.code : String(error) }),
)
process.stdout.write(JSON.stringify(said))
client.close()
process.exit(0)
