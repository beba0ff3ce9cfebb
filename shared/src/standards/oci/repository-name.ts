declare const brand: unique symbol

/** The name of a repository in its registry, such as `team/app`. */
export type RepositoryName = string & { readonly [brand]: 'RepositoryName' }

/** The maximum length that clients accept with a host of usual length. [OCI distribution-spec, Pulling manifests] */
const maxLength = 255

// Unambiguous, so that matching takes linear time: a separator never begins with the last character before it.
const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const pattern = new RegExp(`^${component}(?:/${component})*$`)

/** Parses a repository name by the specification's grammar. [OCI distribution-spec, Pulling manifests] */
export function parseRepositoryName(text: string): RepositoryName | undefined {
  return isRepositoryName(text) ? text : undefined
}

function isRepositoryName(text: string): text is RepositoryName {
  return text.length <= maxLength && pattern.test(text)
}
