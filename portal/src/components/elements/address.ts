import { isObjectId } from '../../api/principals.ts'

/* The forms of the names in addresses. The views show commands with them, and anyone can make a link. */

const loginServerPattern = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/
const repositoryPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+|\/)[a-z0-9]+)*$/
const referencePattern = /^(?:[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}|sha(?:256|512):[0-9a-f]{64,128})$/
const digestPattern = /^sha(?:256|512):[0-9a-f]{64,128}$/

const forms = {
  registry: (text: string) => loginServerPattern.test(text),
  repository: (text: string) => repositoryPattern.test(text),
  /** A tag or digest. */
  reference: (text: string) => referencePattern.test(text),
  /** An object of the directory, or a denied request. */
  id: isObjectId,
}

/** The names in an address. */
export type AddressNames = { readonly [Name in keyof typeof forms]?: string }

/** Whether each name of an address has the form of its kind. */
export function isAddress(names: AddressNames): boolean {
  return Object.entries(forms).every(([kind, isValid]) => {
    const name = names[kind as keyof AddressNames]
    return name === undefined || isValid(name)
  })
}

/** Whether a text is a digest, so that a link can name it. */
export const isDigest = (text: string) => digestPattern.test(text)
