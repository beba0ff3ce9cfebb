import { type Cloud, isHostOf } from '../../framework/profile/clouds.ts'
import { isServerHost } from '../../framework/values/server-host.ts'
import type { HttpClient } from '../http/http.ts'
import { parseChallenge } from '../tokens/acr-exchange.ts'

/**
 * The login server of a registry that the account cannot read in ARM: its name with the suffix of the cloud, as for az. The first
 * registry of an Acrux server answers there too, and its challenge names its login server.
 */
export async function guessLoginServer(
  http: HttpClient,
  cloud: Cloud,
  { name, suffix }: { readonly name: string; readonly suffix?: string | undefined },
): Promise<string> {
  const tenant = suffix === undefined ? '' : `-${suffix}`
  const guessed = `${name}${tenant}${cloud.suffixes['acrLoginServerEndpoint'] ?? ''}`.toLowerCase()
  if (cloud.isAcrux !== true || !isServerHost(guessed)) return guessed
  // An unreachable host is no failure here: the next request to it reports that.
  const response = await http.send({ method: 'GET', url: `https://${guessed}/v2/` }).catch(() => undefined)
  const host = parseChallenge(response?.headers['www-authenticate'] ?? '')?.realm.host
  return host !== undefined && isHostOf(cloud, host) ? host : guessed
}
