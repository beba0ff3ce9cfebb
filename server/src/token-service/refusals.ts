import { type AccessScope, formatAccessScope } from '../standards/oauth/access-scope.ts'
import { basicChallenge, bearerChallenge } from '../standards/oauth/challenge.ts'
import { plainAddress } from '../standards/azure/network-rules.ts'
import { ociErrors } from '../standards/oci/oci-error.ts'
import type { DataPlaneNeed, DataPlaneRefusal, RegistryAddress } from './model.ts'

/** The refusals of the data plane: all but one are 401, since clients answer 403 by giving up. [acr-protocol §13 trap 3] */
export interface Refusals {
  /** No credential was sent. */
  unauthenticated(registry: RegistryAddress, need: DataPlaneNeed): DataPlaneRefusal
  /** A bearer that is forged, expired, withdrawn or meant for somebody else. */
  invalidToken(registry: RegistryAddress, need: DataPlaneNeed): DataPlaneRefusal
  /** A good credential without the right. */
  insufficient(registry: RegistryAddress, need: DataPlaneNeed): DataPlaneRefusal
  /** A user name and password that prove nobody. */
  wrongPassword(): DataPlaneRefusal
  /** A client at an address that the registry's network rules do not let in. [acr-protocol §8] */
  network(remoteAddress: string): DataPlaneRefusal
  /** One request too many for what ACR lets a registry, or one identity, have. [acr-protocol §1.11] */
  throttled(retryAfterSeconds: number): DataPlaneRefusal
  /** The challenge alone, for the token endpoint. */
  challenge(registry: RegistryAddress): string
}

/** Makes the refusals; `scheme` is that under which clients reach the server. */
export function createRefusals(scheme: 'http' | 'https'): Refusals {
  function tokenService({ loginServer, reachedAt = loginServer }: RegistryAddress) {
    return { realm: `${scheme}://${reachedAt}/oauth2/token`, service: reachedAt }
  }

  function refusal(
    registry: RegistryAddress,
    need: DataPlaneNeed,
    error?: 'invalid_token' | 'insufficient_scope',
  ): DataPlaneRefusal {
    const wanted = needAsAccess(need)
    return {
      status: 401,
      code: 'UNAUTHORIZED',
      message: ociErrors.UNAUTHORIZED.message,
      detail: wanted === undefined ? null : detailOf(wanted),
      challenge: bearerChallenge({
        ...tokenService(registry),
        scope: wanted === undefined ? undefined : formatAccessScope(wanted),
        error,
      }),
    }
  }

  return {
    unauthenticated: (registry, need) => refusal(registry, need),
    invalidToken: (registry, need) => refusal(registry, need, 'invalid_token'),
    insufficient: (registry, need) => refusal(registry, need, 'insufficient_scope'),
    wrongPassword: () => ({
      status: 401,
      code: 'UNAUTHORIZED',
      message: ociErrors.UNAUTHORIZED.message,
      detail: null,
      challenge: basicChallenge(),
    }),
    network: (remoteAddress) => ({
      status: 403,
      code: 'DENIED',
      message: networkRefusalText(remoteAddress),
      detail: null,
      challenge: undefined,
    }),
    throttled: (retryAfterSeconds) => ({
      status: 429,
      code: 'TOOMANYREQUESTS',
      message: throttled,
      detail: null,
      challenge: undefined,
      retryAfterSeconds,
    }),
    challenge: (registry) => bearerChallenge(tokenService(registry)),
  }
}

/** What is said to a client that asks too often. */
export const throttled = 'too many requests: the limit of the registry or of this identity is reached, try again later'

/** ACR's words for a client whose address is not let in; `az acr check-health` looks for the first of them. */
export function networkRefusalText(remoteAddress: string): string {
  return `client with IP '${plainAddress(remoteAddress)}' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.`
}

/** The access scope that a need amounts to, and what suffices in its place; undefined when being known is enough. */
export function needAsAccess(need: DataPlaneNeed): (AccessScope & { readonly anyOf: readonly string[] }) | undefined {
  switch (need.kind) {
    case 'signed-in':
      return undefined
    case 'catalog':
      return { type: 'registry', name: need.name, actions: ['*'], anyOf: [] }
    case 'repository':
      return { type: 'repository', name: need.repository, actions: [...need.actions], anyOf: need.anyOf ?? [] }
  }
}

/** One entry an action, with ACR's capitals. [acr-protocol §1.2] */
function detailOf({ type, name, actions }: AccessScope): unknown {
  return actions.map((action) => ({ Type: type, Name: name, Action: action }))
}
