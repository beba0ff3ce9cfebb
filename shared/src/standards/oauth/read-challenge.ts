/** A challenge of a server: its scheme in lower case, and its parameters by lower-case name. [RFC 9110 §11.6.1] */
export type ReadChallenge = { readonly scheme: string; readonly parameters: ReadonlyMap<string, string> }

/** Registries send shorter challenges. */
const maxHeaderLength = 8192

const part = /\s*(?:,\s*)*(?:([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|([\w!#$%&'*+.^`|~-]+))/gy

/** Parses the value of `WWW-Authenticate`, which may have several challenges. Stops at the first malformed part. */
export function readChallenges(header: string): ReadChallenge[] {
  if (header.length > maxHeaderLength) return []
  const found: { scheme: string; parameters: Map<string, string> }[] = []
  for (const [, name, quoted, token, scheme] of header.matchAll(part)) {
    if (scheme !== undefined) found.push({ scheme: scheme.toLowerCase(), parameters: new Map() })
    else if (name !== undefined) {
      found.at(-1)?.parameters.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? token ?? '')
    }
  }
  return found
}
