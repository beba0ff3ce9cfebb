import { getCACertificates, setDefaultCACertificates } from 'node:tls'

/**
 * Makes this process trust a certificate authority, in addition to the authorities that it already trusts. If the process already trusts
 * the authority, the function does nothing.
 */
export function trustAuthority(ca: string): void {
  const trusted = getCACertificates('default')
  const authority = ca.trim()
  if (trusted.some((pem) => pem.trim() === authority)) return
  setDefaultCACertificates([...trusted, authority])
}
