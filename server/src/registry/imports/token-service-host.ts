/** Registries whose token service has a name of its own that does not tell whose it is. */
const wellKnown: ReadonlyMap<string, string> = new Map([['registry-1.docker.io', 'auth.docker.io']])

/**
 * Whether the credentials for a registry may go to the realm that it names: over HTTPS, to its own host, to a host in
 * whose domain its own lies and whose owner could therefore take its name away, or to one that is known, or was
 * configured, to be its token service. Everything else is a place of the other side's choice. [CVE-2026-33540, CVE-2020-15157]
 *
 * @param pinned by the host of the registry, with its port where that is not 443
 */
export function mayHaveCredentials(registry: URL, realm: URL, pinned: ReadonlyMap<string, string>): boolean {
  if (realm.protocol !== 'https:') return false
  if (realm.hostname === registry.hostname || isWithin(registry.hostname, realm.hostname)) return true
  return realm.host === (pinned.get(registry.host) ?? wellKnown.get(registry.host))
}

/** What has one label is everybody's, and an address is within nothing. */
function isWithin(hostname: string, domain: string): boolean {
  return domain.includes('.') && hostname.endsWith(`.${domain}`)
}
