/** Registries whose token service has an unrelated host name. */
const wellKnown: ReadonlyMap<string, string> = new Map([['registry-1.docker.io', 'auth.docker.io']])

/**
 * Whether the credentials for a registry may be sent to the realm that it names: over HTTPS, to its own host, to a parent
 * domain of its host, or to a token service that is well known or configured. A malicious registry could choose any other
 * realm to collect credentials. [CVE-2026-33540, CVE-2020-15157]
 *
 * @param pinned token services by the host of the registry, with its port where that is not 443
 */
export function mayHaveCredentials(registry: URL, realm: URL, pinned: ReadonlyMap<string, string>): boolean {
  if (realm.protocol !== 'https:') return false
  if (realm.hostname === registry.hostname || isWithin(registry.hostname, realm.hostname)) return true
  return realm.host === (pinned.get(registry.host) ?? wellKnown.get(registry.host))
}

/** Whether a host is below a domain. A domain of one label, such as `com`, has many owners and does not count. */
function isWithin(hostname: string, domain: string): boolean {
  return domain.includes('.') && hostname.endsWith(`.${domain}`)
}
