declare const brand: unique symbol

/** A repository's name within its registry, as `team/app`. */
export type RepositoryName = string & { readonly [brand]: 'RepositoryName' }

/** The longest name that clients with a host of usual length still accept. [OCI distribution-spec, Pulling manifests] */
const maxLength = 255

// Unambiguous, so that the match takes linear time: a separator never begins with what ends the run before it.
const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const pattern = new RegExp(`^${component}(?:/${component})*$`)

/** Takes `text` for a repository name if it has the specification's grammar. [OCI distribution-spec, Pulling manifests] */
export function parseRepositoryName(text: string): RepositoryName | undefined {
  return isRepositoryName(text) ? text : undefined
}

function isRepositoryName(text: string): text is RepositoryName {
  return text.length <= maxLength && pattern.test(text)
}
