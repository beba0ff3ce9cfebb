import { withoutDefaultPort } from '@acrux/shared/standards/azure/login-server.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/** Whether a `Host` header contains the host of the server's public address, with or without the default port. */
export function isOwnHost(publicOrigin: PublicOrigin, host: string | undefined): boolean {
  const own = new URL(String(publicOrigin))
  return withoutDefaultPort((host ?? '').toLowerCase(), own.protocol === 'https:' ? 443 : 80) === own.host
}
