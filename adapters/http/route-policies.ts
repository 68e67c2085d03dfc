import * as z from 'zod/mini'
import type { Json, JsonObject } from './json.js'
import type { PolicyDocuments, PolicyDocument } from './policies.js'
import { refuseInput } from './refused.js'
import { checkWalletId, createRoute, notFound, notOffered, type Route } from './route.js'
import { nothing, uuid } from './schema.js'
import type { Service } from './service.js'
import { writeUuid } from './uuid.js'

/** What is in it besides is read by the policy itself, which refuses what it does not know. */
const document = z.catchall(
  z.object({ walletId: z.optional(uuid), type: z.string().check(z.minLength(1), z.maxLength(64)) }),
  z.custom<Json>(),
)
type Document = z.output<typeof document>

const filed = z.looseObject({ id: uuid, type: z.string() })
const list = z.strictObject({ policies: z.array(filed) })

const getPolicies = createRoute({
  method: 'GET',
  path: '/v1/policies',
  summary: 'Lists the documents, which narrow the policy in code, or make it where there is none.',
  callers: ['owner'],
  query: nothing,
  body: nothing,
  answer: list,
  run: async (_, service) => ({ policies: write(await documentsOf(service).list(), service) }),
})

const postPolicy = createRoute({
  method: 'POST',
  path: '/v1/policies',
  summary: 'Adds a document. All documents have to agree: after the first, each can only narrow.',
  callers: ['owner'],
  query: nothing,
  body: document,
  answer: filed,
  status: 201,
  run: async ({ body }, service) => {
    const added = file(body, service)
    await documentsOf(service).change((documents) => [...documents, added])
    return writeOne(added, service)
  },
})

const putPolicies = createRoute({
  method: 'PUT',
  path: '/v1/policies',
  summary: 'Replaces all documents in one step; with none and no policy in code, nothing is paid.',
  callers: ['owner'],
  query: nothing,
  body: z.strictObject({
    walletId: z.optional(uuid),
    policies: z.array(document).check(z.maxLength(64)),
  }),
  answer: list,
  run: async ({ body: { walletId, policies } }, service) => {
    checkWalletId(walletId, service)
    const documents = policies.map((one) => file(one, service))
    return { policies: write(await documentsOf(service).replace(documents), service) }
  },
})

const putPolicy = createRoute({
  method: 'PUT',
  path: '/v1/policies/{id}',
  summary: 'Replaces one document.',
  callers: ['owner'],
  params: { id: uuid },
  query: nothing,
  body: document,
  answer: filed,
  run: async ({ params: { id = '' }, body }, service) => {
    const replaced = { ...file(body, service), id }
    await documentsOf(service).change((documents) => {
      refuseUnfiled(documents, id)
      return documents.map((one) => (one.id === id ? replaced : one))
    })
    return writeOne(replaced, service)
  },
})

const deletePolicy = createRoute({
  method: 'DELETE',
  path: '/v1/policies/{id}',
  summary: 'Removes one document; without any, and without a policy in code, nothing is paid.',
  callers: ['owner'],
  params: { id: uuid },
  query: nothing,
  body: nothing,
  answer: list,
  run: async ({ params: { id = '' } }, service) => {
    const left = await documentsOf(service).change((documents) => {
      refuseUnfiled(documents, id)
      return documents.filter((one) => one.id !== id)
    })
    return { policies: write(left, service) }
  },
})

/** The routes of the policy. */
export const policyRoutes: readonly Route[] = [getPolicies, postPolicy, putPolicies, putPolicy, deletePolicy]

function documentsOf({ policies }: Service): PolicyDocuments {
  if (policies) return policies
  throw notOffered('Policies are not kept here: the handler was created without the option `policies`')
}

function file({ walletId, ...rest }: Document, service: Service): PolicyDocument {
  checkWalletId(walletId, service)
  if ('id' in rest) throw refuseInput('body.id', 'it is drawn here')
  return { id: writeUuid(service.random(16), 4), document: rest }
}

function refuseUnfiled(documents: readonly PolicyDocument[], id: string): void {
  if (!documents.some((one) => one.id === id)) throw notFound('There is no policy of that id')
}

function write(documents: readonly PolicyDocument[], service: Service): readonly JsonObject[] {
  return documents.map((one) => writeOne(one, service))
}

function writeOne({ id, document: written }: PolicyDocument, { walletId }: Service): JsonObject {
  return { ...written, id, walletId }
}
