import { formRequest, jsonOf } from '../../clients/http/http.ts'
import { recordOf } from '../../clients/session/account.ts'
import { unverifiedClaims } from '../../clients/tokens/token-claim.ts'
import { CommandFailure, failure } from '../../framework/command/failure.ts'
import { type Outcome, type Scene, type Step, failed, ok } from './step.ts'

/** The checks of the sign-in, the exchange and the token. Each requests new tokens. */
export const accessSteps: readonly Step[] = [
  { check: 'sign-in', needs: ['certificate'], run: checkSignIn },
  { check: 'exchange', needs: ['challenge', 'sign-in'], run: checkExchange },
  { check: 'token', needs: ['exchange'], run: checkToken },
]

async function checkSignIn({ account, host }: Scene): Promise<Outcome> {
  if (account === undefined)
    return failed('nobody is signed in to this server', `sign in: acrux login --server https://${host}`)
  try {
    await account.armToken({ isFresh: true })
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    return failed(error.message, error.nextStep ?? 'sign in again: acrux login')
  }
  const { user, tenantId } = account.subscription
  return ok(`${user.name} of the tenant ${tenantId}`)
}

async function checkExchange(scene: Scene): Promise<Outcome> {
  const { account, host } = scene
  if (account === undefined) throw new Error('nobody is signed in')
  scene.refreshToken = await account.acrRefreshToken(host, { isFresh: true })
  return ok('the registry issued a refresh token')
}

async function checkToken(scene: Scene): Promise<Outcome> {
  const { http, host, refreshToken, repository } = scene
  const response = await http.send(
    formRequest(`https://${host}/oauth2/token`, {
      grant_type: 'refresh_token',
      service: host,
      scope: `repository:${repository.name}:pull,push,delete`,
      refresh_token: refreshToken,
    }),
  )
  const { access_token: token } = recordOf(jsonOf(response))
  if (response.status !== 200 || typeof token !== 'string') {
    const { correlationId } = response
    throw failure(
      `the registry issued no access token: status ${response.status}`,
      correlationId === undefined ? undefined : `acrux acr why ${correlationId} explains the denial`,
    )
  }
  const actions = actionsIn(token)
  scene.access = { token, actions }
  const allowed = actions.length === 0 ? 'no action' : actions.join(', ')
  return ok(`the token allows ${allowed} on ${repository.name}`)
}

/** The actions of the first access scope of a token. [acr-protocol §1.8] */
export function actionsIn(token: string): readonly string[] {
  const { access } = unverifiedClaims(token)
  const { actions } = recordOf(Array.isArray(access) ? access[0] : undefined)
  return Array.isArray(actions) ? actions.filter((each) => typeof each === 'string') : []
}
