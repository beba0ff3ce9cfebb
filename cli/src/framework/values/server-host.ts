/** A name or an address, with a port. The text may become the name of a directory, so the text is never `..`. */
const pattern = /^(?:\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::\d{1,5})?$/i

/**
 * Whether a text is `HOST` or `HOST:PORT`. The host of a URL with any other text could differ from the end of the text:
 * the host of `https://evil.example?.azurecr.io` is `evil.example`.
 */
export function isServerHost(text: string): boolean {
  return pattern.test(text) && URL.canParse(`https://${text}`)
}

/** The host, with its port unless it is 443, of `HOST`, `HOST:PORT` or `https://HOST:PORT`; undefined for other texts. */
export function parseServer(text: string): string | undefined {
  const address = /^https:\/\//i.test(text) ? text : `https://${text}`
  if (!URL.canParse(address)) return undefined
  const { host, username, password, pathname, search, hash } = new URL(address)
  const isHost = username === '' && password === '' && pathname === '/' && search === '' && hash === ''
  return isHost && isServerHost(host) ? host : undefined
}
