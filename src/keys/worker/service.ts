import { readClaim } from '../../evm/sign-in.js'
import type { Network } from '../../types.js'
import { wipe } from '../../lib/bytes.js'
import { encryptedFile, type EncryptedFileKeyStore } from '../file/encrypted-file.js'
import { readApproval } from './approvals-only.js'
import { readCharge } from './charges-only.js'
import { isPaymentMessage, readTypedIntent } from './payments-only.js'
import { keyFileError, problemOf } from '../file/key-file-error.js'
import { readId, readRequest, type WorkerReply, type WorkerRequest } from './channel.js'

/** The worker's end of the channel. */
export type Port = {
  readonly listen: (listener: (message: unknown) => void) => void
  readonly post: (reply: WorkerReply) => void
}

/** Answers requests for as long as the channel is open. */
export function serve(port: Port): void {
  let store: EncryptedFileKeyStore | undefined
  const answer = async (message: unknown): Promise<unknown> => {
    const request = readRequest(message)
    if (!request) throw keyFileError('refused')
    if (request.type !== 'open') return handle(request, store)
    // Opened once: another file would be another wallet under the same name.
    const { type: _, ...options } = request
    store ??= encryptedFile(options)
    return undefined
  }
  port.listen((message) => {
    const id = readId(message)
    if (id === undefined) return
    answer(message).then(
      (value) => port.post({ id, value }),
      (error: unknown) => port.post({ id, problem: problemOf(error) ?? 'failed' }),
    )
  })
}

type Request = Exclude<WorkerRequest, { readonly type: 'open' }>

async function handle(request: Request, store: EncryptedFileKeyStore | undefined): Promise<unknown> {
  if (!store) throw keyFileError('locked')
  switch (request.type) {
    case 'addresses':
      return store.addresses()
    case 'unlock':
      return store.unlock(request.password).finally(() => wipe(request.password))
    case 'lock':
      return store.lock()
    case 'derive':
      return store.deriveSecret?.(request.purpose)
    case 'find':
      return (await store.getSigner(request.network as Network))?.address
    case 'signTypedData':
      return signTypedData(request, store)
    case 'signApproval':
      return signApproval(request, store)
    case 'signCharge':
      return signCharge(request, store)
    case 'signMessage':
      return signMessage(request, store)
    case 'signIn':
      return signIn(request, store)
  }
}

async function signTypedData(
  { network, data }: Extract<Request, { readonly type: 'signTypedData' }>,
  store: EncryptedFileKeyStore,
): Promise<string> {
  const signer = await store.getSigner(network as Network)
  const intent = signer && readTypedIntent(data, signer.address)
  if (signer?.namespace !== 'eip155' || !intent) throw keyFileError('refused')
  return signer.signTypedData(intent)
}

async function signApproval(
  { network, transaction }: Extract<Request, { readonly type: 'signApproval' }>,
  store: EncryptedFileKeyStore,
): Promise<string> {
  const signer = await store.getSigner(network as Network)
  const approval = readApproval(transaction, network)
  if (signer?.namespace !== 'eip155' || !signer.signTransaction || !approval) throw keyFileError('refused')
  return signer.signTransaction(approval)
}

async function signCharge(
  { network, charge }: Extract<Request, { readonly type: 'signCharge' }>,
  store: EncryptedFileKeyStore,
): Promise<string> {
  const signer = await store.getSigner(network as Network)
  const read = readCharge(charge, network)
  if (signer?.namespace !== 'eip155' || !signer.signCharge || !read) throw keyFileError('refused')
  return signer.signCharge(read)
}

async function signMessage(
  { network, message }: Extract<Request, { readonly type: 'signMessage' }>,
  store: EncryptedFileKeyStore,
): Promise<Uint8Array> {
  const signer = await store.getSigner(network as Network)
  if (signer?.namespace !== 'solana' || !isPaymentMessage(message, signer.address)) throw keyFileError('refused')
  return signer.signMessage(message)
}

/** The message is written here, of what is read of the claim: no other text can be signed. */
async function signIn(
  { network, claim }: Extract<Request, { readonly type: 'signIn' }>,
  store: EncryptedFileKeyStore,
): Promise<string> {
  const signer = await store.getSigner(network as Network)
  const read = signer && readClaim(claim, signer.address)
  if (signer?.namespace !== 'eip155' || !signer.signIn || !read) throw keyFileError('refused')
  return signer.signIn(read)
}
