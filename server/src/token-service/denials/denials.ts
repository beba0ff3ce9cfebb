import { type AccessScope, formatAccessScope } from '@acrux/shared/standards/oauth/access-scope.ts'
import { basicChallenge, bearerChallenge } from '@acrux/shared/standards/oauth/challenge.ts'
import { plainAddress } from '@acrux/shared/standards/azure/network-rules.ts'
import { ociErrors } from '@acrux/shared/standards/oci/oci-error.ts'
import type { HostedRegistry, RegistryNeed, RegistryDenial } from '../../registry/index.ts'

/** The denials of the data plane. Nearly all are 401, because clients give up after 403. [acr-protocol §13 trap 3] */
export interface Denials {
  /** The request has no credential. */
  unauthenticated(registry: HostedRegistry, need: RegistryNeed): RegistryDenial
  /** The token is forged, expired, revoked or for another audience. */
  invalidToken(registry: HostedRegistry, need: RegistryNeed): RegistryDenial
  /** The credential is valid and lacks the right. */
  insufficient(registry: HostedRegistry, need: RegistryNeed): RegistryDenial
  /** The user name or password is wrong. */
  wrongPassword(): RegistryDenial
  /** The network rules of the registry deny the address of the client. [acr-protocol §8] */
  network(remoteAddress: string): RegistryDenial
  /** The request exceeds ACR's limit for a registry or for one identity. [acr-protocol §1.11] */
  throttled(retryAfterSeconds: number): RegistryDenial
  /** Only the challenge, for the token endpoint. */
  challenge(registry: HostedRegistry): string
}

/** Creates the denials. `scheme` is the scheme of the URL by which clients reach the server. */
export function createDenials(scheme: 'http' | 'https'): Denials {
  function tokenService({ loginServer, reachedAt = loginServer }: HostedRegistry) {
    return { realm: `${scheme}://${reachedAt}/oauth2/token`, service: reachedAt }
  }

  function denial(
    registry: HostedRegistry,
    need: RegistryNeed,
    error?: 'invalid_token' | 'insufficient_scope',
  ): RegistryDenial {
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
    unauthenticated: (registry, need) => denial(registry, need),
    invalidToken: (registry, need) => denial(registry, need, 'invalid_token'),
    insufficient: (registry, need) => denial(registry, need, 'insufficient_scope'),
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
      message: networkDenialText(remoteAddress),
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

/** The message for a client that sends too many requests. */
export const throttled = 'too many requests: the limit of the registry or of this identity is reached, try again later'

/** ACR's message for a denied address. `az acr check-health` looks for its first words. */
export function networkDenialText(remoteAddress: string): string {
  return `client with IP '${plainAddress(remoteAddress)}' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.`
}

/** The access scope of a need, and the actions that suffice instead; undefined if authentication suffices. */
export function needAsAccess(need: RegistryNeed): (AccessScope & { readonly anyOf: readonly string[] }) | undefined {
  switch (need.kind) {
    case 'signed-in':
      return undefined
    case 'catalog':
      return { type: 'registry', name: need.name, actions: ['*'], anyOf: [] }
    case 'repository':
      return { type: 'repository', name: need.repository, actions: [...need.actions], anyOf: need.anyOf ?? [] }
  }
}

/** One entry per action, with ACR's capitalization. [acr-protocol §1.2] */
function detailOf({ type, name, actions }: AccessScope): unknown {
  return actions.map((action) => ({ Type: type, Name: name, Action: action }))
}
