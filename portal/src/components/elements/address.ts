/* The forms of the names in addresses. The views show commands with them, and anyone can make a link. */

const loginServerPattern = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/
const repositoryPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+|\/)[a-z0-9]+)*$/
const referencePattern = /^(?:[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}|sha(?:256|512):[0-9a-f]{64,128})$/
const digestPattern = /^sha(?:256|512):[0-9a-f]{64,128}$/

export type AddressNames = { readonly registry: string; readonly repository?: string; readonly reference?: string }

/** Whether the names of an address can be those of a registry, a repository, and a tag or digest. */
export function isAddress({ registry, repository, reference }: AddressNames): boolean {
  return (
    loginServerPattern.test(registry) &&
    (repository === undefined || repositoryPattern.test(repository)) &&
    (reference === undefined || referencePattern.test(reference))
  )
}

/** Whether a text is a digest, so that a link can name it. */
export const isDigest = (text: string) => digestPattern.test(text)
