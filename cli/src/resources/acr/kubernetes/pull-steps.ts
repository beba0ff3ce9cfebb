import { nullGuid } from '@acrux/shared/standards/azure/guid.ts'
import { formRequest, jsonOf } from '../../../clients/http/http.ts'
import type { Access } from '../../../clients/registry/data-plane.ts'
import type { Image } from '../../../clients/registry/image.ts'
import { unverifiedClaim, unverifiedClaims } from '../../../clients/tokens/token-claim.ts'
import { failure } from '../../../framework/command/failure.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { actionsIn } from '../../doctor/access.ts'
import { type Outcome, type Scene, type Step, ok } from '../../doctor/step.ts'
import { type Credentials, type NodeLogin, credentialsAt } from './node-login.ts'
import { pullConfiguration, pullManifest } from './pull-image.ts'

/** The checks of a pull by a node. Without an image, only the login is checked. */
export function pullSteps(login: NodeLogin, image: Image | undefined): readonly Step[] {
  let credentials: Credentials | undefined
  let manifest: unknown
  const checkLogin: Step = {
    check: 'login',
    needs: ['certificate', 'challenge'],
    run: async ({ http, host }) => {
      credentials = await credentialsAt(login, http, { loginServer: host, repository: image?.repository })
      return ok(loginDetail(credentials))
    },
  }
  if (image === undefined) return [checkLogin]
  return [
    checkLogin,
    {
      check: 'token',
      needs: ['login'],
      run: (scene) => checkToken(scene, credentials ?? { username: '', password: '' }),
    },
    {
      check: 'manifest',
      needs: ['token'],
      run: async (scene) => {
        const pulled = await pullManifest(accessOf(scene), image)
        manifest = pulled.manifest
        return ok(pulled.detail)
      },
    },
    {
      check: 'blob',
      needs: ['manifest'],
      run: async (scene) => ok(await pullConfiguration(accessOf(scene), image, manifest)),
    },
  ]
}

function accessOf({ http, host, access }: Scene): Access {
  return { http, loginServer: host, authorization: `Bearer ${access?.token ?? ''}` }
}

function loginDetail({ username, password }: Credentials): string {
  if (username !== nullGuid) return `the user name is ${username}`
  const { exp } = unverifiedClaims(password)
  const name = unverifiedClaim(password, 'appid') ?? unverifiedClaim(password, 'sub') ?? 'an identity'
  const expiry = typeof exp === 'number' ? `, until ${new Date(exp * 1000).toISOString()}` : ''
  return `the registry issued a refresh token to ${name}${expiry}`
}

/** The token endpoint answers with less access instead of an error, so the claim is checked. [acr-protocol §13 trap 5] */
async function checkToken(scene: Scene, { username, password }: Credentials): Promise<Outcome> {
  const { http, host, repository } = scene
  const grant =
    username === nullGuid
      ? { grant_type: 'refresh_token', refresh_token: password }
      : { grant_type: 'password', username, password }
  const form = { ...grant, service: host, scope: `repository:${repository.name}:pull` }
  const response = await http.send(formRequest(`https://${host}/oauth2/token`, form))
  const { status, correlationId } = response
  const token = status === 200 ? valueAt(jsonOf(response), 'access_token') : undefined
  if (typeof token !== 'string') {
    const nextStep = correlationId === undefined ? undefined : `acrux acr why ${correlationId} explains the denial`
    throw failure(`the registry issued no access token: status ${status}`, nextStep)
  }
  const actions = actionsIn(token)
  if (!actions.includes('pull'))
    throw failure(
      `the login does not allow pulls from ${repository.name}`,
      'assign the role: acrux acr attach -n REGISTRY --identity NAME',
    )
  scene.access = { token, actions }
  return ok(`the login allows pulls from ${repository.name}`)
}
