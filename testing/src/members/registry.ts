import { resolve } from 'node:path'
import type { AcruxClock, Principal, Registry } from '../api/api.ts'
import { listAt, present, textAt } from '../wire/fields.ts'
import type { Session } from '../wire/session.ts'
import { after } from './clock.ts'
import { registryId } from './principals.ts'

const version = '2025-11-01'

/** The user name with which a refresh token is used as the password. */
const nullGuid = '00000000-0000-0000-0000-000000000000'

/** The scope of the tokens that a registry exchanges for its own tokens. */
const registryScope = 'https://containerregistry.azure.net/.default'

/**
 * A registry of an emulator. The functions use Resource Manager, the registry's token service and the control API. Creating the object
 * sends no request.
 */
export function openRegistry(session: Session, name: string, clock: AcruxClock): Registry {
  const { arm, control, ready } = session
  const id = registryId(ready, name)
  const loginServer = loginServerOf(ready, name)
  const credentials: Registry['credentials'] = ({ as } = {}) =>
    as === undefined ? adminLogin(session, id) : principalLogin(session, loginServer, as)
  return {
    name,
    id,
    loginServer,
    credentials,
    accessToken: async (scope, options) => session.accessToken(loginServer, scope, await credentials(options)),
    createToken: async ({ name: tokenName, actions, expiresIn }) => {
      const scopeMapId = `${id}/scopeMaps/${tokenName}`
      await arm('PUT', scopeMapId, version, { properties: { actions } })
      await arm('PUT', `${id}/tokens/${tokenName}`, version, { properties: { scopeMapId, status: 'enabled' } })
      const expiry = expiresIn && (await after(clock, expiresIn))
      const body = { tokenId: `${id}/tokens/${tokenName}`, ...present({ expiry }) }
      return loginIn((await arm('POST', `${id}/generateCredentials`, version, body)).json)
    },
    seedImage: async (ref, { from, ...options } = {}) => {
      const source = present({ from: from === undefined ? undefined : resolve(from) })
      const image = { ref: `${name}/${ref}`, ...options, ...source }
      const { json } = await control('POST', '/seed', { version: 1, images: [image] })
      const output = (name: string) => textAt(json, 'outputs', 'images', image.ref, name)
      return { digest: output('digest'), reference: output('reference') }
    },
  }
}

/**
 * The login server of a registry. The first registry has the host of the server. Each other registry has a name below `azurecr` of this
 * host.
 */
function loginServerOf(ready: Session['ready'], name: string): string {
  const lower = name.toLowerCase()
  return lower === ready.registry.toLowerCase() ? ready.loginServer : `${lower}.azurecr.${new URL(ready.url).host}`
}

async function adminLogin({ arm }: Session, id: string): ReturnType<Registry['credentials']> {
  await arm('PATCH', id, version, { properties: { adminUserEnabled: true } })
  return loginIn((await arm('POST', `${id}/listCredentials`, version)).json)
}

/** A service principal signs in with its secret. A user signs in with a refresh token, as after `az acr login --expose-token`. */
async function principalLogin(
  session: Session,
  loginServer: string,
  principal: Principal,
): ReturnType<Registry['credentials']> {
  const { kind, appId, secret } = principal
  if (kind === 'ServicePrincipal' && appId !== undefined && secret !== undefined) {
    return { username: appId, password: secret }
  }
  const { token } = await session.signIn(principal, registryScope)
  return { username: nullGuid, password: await session.exchange(loginServer, token) }
}

function loginIn(json: unknown): Awaited<ReturnType<Registry['credentials']>> {
  return { username: textAt(json, 'username'), password: textAt(listAt(json, 'passwords')[0], 'value') }
}
