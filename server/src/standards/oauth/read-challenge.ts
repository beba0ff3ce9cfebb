/** What a server that refuses asks for: a scheme, in lower case, and its parameters by their lower-case names. [RFC 9110 §11.6.1] */
export type ReadChallenge = { readonly scheme: string; readonly parameters: ReadonlyMap<string, string> }

/** More is no challenge that a registry sends. */
const longestHeader = 8192

const part = /\s*(?:,\s*)*(?:([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|([\w!#$%&'*+.^`|~-]+))/y

/** Reads the value of `WWW-Authenticate`, which may hold several challenges. What cannot be read ends the reading. */
export function readChallenges(header: string): ReadChallenge[] {
  if (header.length > longestHeader) return []
  const found: { scheme: string; parameters: Map<string, string> }[] = []
  part.lastIndex = 0
  for (let match = part.exec(header); match !== null; match = part.exec(header)) {
    const [, name, quoted, token, scheme] = match
    if (scheme !== undefined) found.push({ scheme: scheme.toLowerCase(), parameters: new Map() })
    else if (name !== undefined) {
      found.at(-1)?.parameters.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? token ?? '')
    }
  }
  return found
}
