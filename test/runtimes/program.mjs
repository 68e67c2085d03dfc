// What is done with each entry of the package on each runtime. Whoever starts it hands in the imports, since what bundles
// has to see each; of itself it imports only what runs everywhere.
import { allowHosts, createAgentWallet, getPayment, spendingLimit } from 'stipend'
import { privateKey } from 'stipend/keys'

const key = '11'.repeat(32)
const phrase = 'test test test test test test test test test test test junk'

function open(options) {
  return createAgentWallet({
    keyStore: privateKey(key),
    policy: [allowHosts(['http://127.0.0.1:*']), spendingLimit({ perPaymentUsd: 0.02, dailyLimitUsd: 1 })],
    ...options,
  })
}

async function buy(url, options) {
  const response = await open(options).fetch(url)
  return said(response.status === 200 && getPayment(response)?.status === 'claimed', response.status)
}

function said(isPaid, otherwise) {
  if (!isPaid) throw new Error(`it was not paid: ${otherwise}`)
  return 'pays'
}

/** By entry; of one that is not here it is enough that it loads. */
const uses = {
  stipend: (_stipend, url) => buy(url),
  'stipend/fast': async ({ loadSecp256k1 }, url) => {
    const secp256k1 = await loadSecp256k1()
    return buy(url, { keyStore: privateKey(key, { secp256k1 }) })
  },
  'stipend/http': async ({ createHandler }) => {
    const handler = createHandler({ wallet: open(), masterPassword: 'correct-horse-battery-staple' })
    const { status } = await handler(new Request('http://127.0.0.1/v1/wallets'))
    if (status < 400 || status >= 500) throw new Error(`it answered ${status}`)
    return 'answers'
  },
  'stipend/keys': ({ mnemonic }, url) => buy(url, { keyStore: mnemonic(phrase) }),
  'stipend/node': ({ blockPrivateNetworks }, url) =>
    buy(url, { fetch: blockPrivateNetworks({ allow: ['127.0.0.1'] }) }),
  'stipend/sqlite': ({ sqliteLedger }, url) => buy(url, { ledger: sqliteLedger(':memory:') }),
  'stipend/testing': async ({ paidResource, testKeyStore }) => {
    const shop = paidResource({ priceUsd: '0.01' })
    return buy('http://127.0.0.1:1/', {
      keyStore: testKeyStore(),
      fetch: (input, init) => shop(new Request(input, init)),
    })
  },
  'stipend/tools': async ({ paymentTools }, url) => {
    const { pay_fetch: tool } = paymentTools(open().session({}), { hosts: ['http://127.0.0.1:*'] })
    const { status } = await tool.execute({ url, maxUsd: '0.02' })
    return said(status === 'ok', status)
  },
}

/** Answers what each entry did, or the first line of why it did not; some are only loaded. */
export async function run(loaders, url, onlyLoaded = []) {
  const answers = {}
  for (const [name, load] of Object.entries(loaders)) {
    try {
      const entry = await load()
      answers[name] =
        (onlyLoaded.includes(name) ? undefined : await uses[name]?.(entry, `${url}/${name.replaceAll('/', '-')}`)) ??
        'loads'
    } catch (error) {
      answers[name] = {
        code: String(error?.code ?? error?.name),
        message: String(error?.message ?? error).split('\n')[0],
      }
    }
  }
  return answers
}
