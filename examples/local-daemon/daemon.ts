import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAgentWallet } from 'stipend'
import { evm } from 'stipend/evm'
import { createHandler, serve } from 'stipend/http'
import { privateKey } from 'stipend/keys'
import { sqliteLedger } from 'stipend/sqlite'
import type { Market } from '../support/market.ts'

/** A wallet that is served on this machine. */
export type Daemon = { readonly url: string; readonly close: () => Promise<void> }

/** Starts the daemon: a wallet without rules, which its owner gives it over HTTP, and which pays nothing until then. */
export async function startDaemon({ agent, chain }: Market<string>, { port = 0, password = '' }): Promise<Daemon> {
  const folder = mkdtempSync(join(tmpdir(), 'stipend-daemon-'))
  const ledger = sqliteLedger(join(folder, 'wallet.db'))
  const wallet = createAgentWallet({
    keyStore: privateKey(agent.privateKey),
    ledger,
    chains: [evm({ network: 'eip155:84532', clients: [chain.publicClient] })],
    sessionTokenPrefix: 'wai_sess_',
  })
  const handler = createHandler({
    wallet,
    masterPassword: password,
    policies: { store: ledger },
    // The shops of this example are on this machine; by default only public names are fetched.
    internalHosts: ['127.0.0.1'],
  })
  const { url, close } = await serve(handler, { port })
  return {
    url,
    close: async () => {
      await close()
      ledger.close()
      rmSync(folder, { recursive: true })
    },
  }
}
