import { evmFamily } from '../evm/family.js'
import type { Family } from '../ports/family.js'
import { solanaFamily } from '../solana/family.js'

/** The families that come with the package. */
export const knownFamilies: readonly Family[] = [evmFamily, solanaFamily]

/** Adds the families that schemes bring to those that come with the package, which none of them replaces. */
export function familiesOf(schemes: readonly { readonly family?: Family | undefined }[]): readonly Family[] {
  return [...knownFamilies, ...schemes.flatMap(({ family }) => family ?? [])]
}

/** Any other family: addresses are compared to the letter. */
const otherFamily: Omit<Family, 'namespace'> = {
  isReference: (reference) => /^[-_a-zA-Z0-9]{1,64}$/.test(reference),
  parseAddress: (text) => (/^[-.%a-zA-Z0-9]{1,128}$/.test(text) ? text : undefined),
  foldAddress: (text) => text,
  tokenNamespace: 'token',
  transfer: 'token',
}

/** Answers the family of a CAIP-2 network. */
export function familyOf(network: string, families: readonly Family[] = knownFamilies): Family {
  const [namespace = ''] = network.split(':', 1)
  return families.find((family) => family.namespace === namespace) ?? { ...otherFamily, namespace }
}

/** Tells whether text is a CAIP-2 id that its family can have. */
export function isNetwork(text: string, family: Family = familyOf(text)): boolean {
  const [, reference] = /^[-a-z0-9]{3,8}:([-_a-zA-Z0-9]{1,64})$/.exec(text) ?? []
  return reference !== undefined && family.isReference(reference)
}

/** Writes an address of a network in the one way of its family, or answers `undefined` for what is none. */
export function parseAddressOn(network: string, address: string): string | undefined {
  return familyOf(network).parseAddress(address)
}

/** Writes an address that may be of any network: the family that its prefix tells has to take it. */
export function parseAnyAddress(address: string): string | undefined {
  const marked = knownFamilies.find(
    ({ addressPrefix }) => addressPrefix && address.toLowerCase().startsWith(addressPrefix),
  )
  return marked ? marked.parseAddress(address) : /^[a-zA-Z0-9]+$/.exec(address)?.[0]
}
