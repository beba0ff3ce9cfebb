import { getCACertificates, setDefaultCACertificates } from 'node:tls'

/** Makes this process trust an authority, in addition to those that it trusts. Does nothing if it does already. */
export function trustAuthority(ca: string): void {
  const trusted = getCACertificates('default')
  const authority = ca.trim()
  if (trusted.some((pem) => pem.trim() === authority)) return
  setDefaultCACertificates([...trusted, authority])
}
