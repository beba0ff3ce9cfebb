import { type Cloud, isHostOf } from '../../framework/profile/clouds.ts'
import { isServerHost } from '../../framework/values/server-host.ts'
import type { HttpClient } from '../http/http.ts'
import { parseChallenge } from '../tokens/acr-exchange.ts'

/**
 * The login server of a registry that the account cannot read in ARM. As in az, the login server is the name followed
 * by the suffix of the cloud. The first registry of an Acrux server also accepts requests at this host, and its
 * challenge contains its login server.
 */
export async function guessLoginServer(
  http: HttpClient,
  cloud: Cloud,
  { name, suffix }: { readonly name: string; readonly suffix?: string | undefined },
): Promise<string> {
  const tenant = suffix === undefined ? '' : `-${suffix}`
  const guessed = `${name}${tenant}${cloud.suffixes['acrLoginServerEndpoint'] ?? ''}`.toLowerCase()
  if (cloud.isAcrux !== true || !isServerHost(guessed)) return guessed
  // The next request reports an unreachable host.
  const response = await http.send({ method: 'GET', url: `https://${guessed}/v2/` }).catch(() => undefined)
  const host = parseChallenge(response?.headers['www-authenticate'] ?? '')?.realm.host
  return host !== undefined && isHostOf(cloud, host) ? host : guessed
}
