import { writeHeapSnapshot } from 'node:v8'
import { sampleMessage, sampleTransfer } from '../../src/testing/keys/samples.ts'
import { encryptedFile, exportKey, workerSigner } from '../../src/keys/index.ts'

/** Signs with the keys of a file, and writes down all that this process has in its heap. */
type Options = {
  readonly path: string
  readonly password: string
  readonly snapshot: string
  readonly where: 'here, and kept as text' | 'thread' | 'process'
}

const { path, password, snapshot, where }: Options = JSON.parse(process.argv[2] ?? '{}')
const isHere = where === 'here, and kept as text'
const store = isHere ? undefined : workerSigner({ path, password, isolation: where })
const keyStore = store ?? encryptedFile({ path, password })
for (const network of ['eip155:84532', 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp'] as const) {
  const signer = await keyStore.getSigner(network)
  if (signer?.namespace === 'eip155') await signer.signTypedData(sampleTransfer(signer.address, 1n))
  if (signer?.namespace === 'solana') await signer.signMessage(sampleMessage(signer.address, 1n))
}
const [first] = await keyStore.addresses()
const exported = isHere ? await exportKey({ path, password, address: first?.address ?? '' }) : ''
// A snapshot shows text that is in one piece, and not one that was put together and never read.
const kept = [Buffer.from(exported).toString('latin1')]
await keyStore.deriveSecret?.('purchases')
writeHeapSnapshot(snapshot)
process.stdout.write(String((await keyStore.addresses()).map(({ address }) => address)))
store?.close()
kept.pop()
