import type { AttestationProblem } from '../ports/attestations.js'
import { type Fields, schemas } from './fields.js'
import { openJws } from './jws.js'
import { recoverIssuer } from './typed.js'

/** Longer ones are not kept. */
const maxDocument = 4096

/** Whose key signed a document, or what is wrong with its signature. */
export type Issuer = { readonly issuer: string } | AttestationProblem

/** A document whose signature is not looked at yet. */
export type Document<kind extends keyof Fields> = {
  readonly fields: Fields[kind]
  /** What was signed and the signature, as JSON. */
  readonly text: string
  readonly verify: () => Issuer
}

/** Reads a signed document; of thousands of characters, or of another form, it is not read. */
export function readDocument<kind extends keyof Fields>(
  kind: kind,
  said: unknown,
): Document<kind> | AttestationProblem {
  const text = JSON.stringify(said) ?? ''
  if (text.length > maxDocument) return { problem: `the signed ${kind} is longer than ${maxDocument} characters` }
  const { format, payload, signature } = Object(said)
  if (typeof signature !== 'string' || (format !== 'jws' && format !== 'eip712'))
    return { problem: `the signed ${kind} is of a form that is not known` }
  const jws = format === 'jws' ? openJws(signature) : undefined
  const read = schemas[kind].safeParse(jws ? jws.payload : payload)
  if (!read.success) return { problem: `the signed ${kind} cannot be read` }
  const fields = read.data as Fields[kind]
  const verify = (): Issuer => jws?.verify() ?? recoverIssuer(kind, fields, signature)
  return {
    fields,
    // What stands beside what is signed is a stranger's, and is not kept.
    text: JSON.stringify({ format, ...(!jws && { payload: fields }), signature }),
    verify: () => {
      const found = verify()
      return 'problem' in found ? { problem: `the signed ${kind} ${found.problem}` } : found
    },
  }
}
